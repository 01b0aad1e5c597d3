package dial

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn/config"
)

// Options makes the client options of c. Payloads and failures are encrypted
// when keys are configured; when not, it says so loudly in the log, unless
// the configuration accepts it.
func Options(c Config, logger *slog.Logger) (client.Options, error) {
	c = c.WithDefaults()
	out := client.Options{HostPort: c.Address, Namespace: c.Namespace, Logger: log.NewStructuredLogger(logger)}
	ring, err := c.Encryption.ring()
	if err != nil {
		return out, err
	}
	if ring == nil && !c.AcceptPlaintext {
		logger.Warn("PAYLOADS ARE NOT ENCRYPTED: whoever reads this Temporal namespace reads key names, owners and paths; set temporal.encryption")
	}
	out.DataConverter, out.FailureConverter = Converters(ring)
	if c.TLS != nil {
		if out.ConnectionOptions.TLS, err = c.TLS.load(); err != nil {
			return out, err
		}
	}
	if c.APIKeyFile != "" {
		if out.ConnectionOptions.TLS == nil {
			out.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		out.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) {
			s, err := config.Secret(c.APIKeyFile) // read anew, so that rotating it needs no restart
			return s.Expose(), err
		})
	}
	return out, nil
}

// Converters returns what encodes payloads and failures under ring, which may
// be nil. Replaying a history needs the same pair.
func Converters(ring *Ring) (converter.DataConverter, converter.FailureConverter) {
	plain := converter.GetDefaultDataConverter()
	if ring == nil {
		return plain, temporal.GetDefaultFailureConverter()
	}
	dc := converter.NewCodecDataConverter(plain, ring)
	return dc, temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: dc, EncodeCommonAttributes: true})
}

// Temporal connects. The error says what to look at.
func Temporal(ctx context.Context, c Config, logger *slog.Logger) (client.Client, error) {
	opts, err := Options(c, logger)
	if err != nil {
		return nil, err
	}
	cl, err := client.DialContext(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("no Temporal at %s (namespace %s); is it running, and is temporal.address right? %w", opts.HostPort, opts.Namespace, err)
	}
	return cl, nil
}
