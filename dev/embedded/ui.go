package embedded

import (
	"context"
	"fmt"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// A ui is the running web UI.
type ui struct {
	server *uiserver.Server
	url    string
	ended  chan struct{}
}

// startUI serves the UI, whose pages are part of the ui-server module, and
// returns once it answers.
func startUI(ctx context.Context, o Options, temporal string) (*ui, error) {
	port, err := choosePort(o.UIPort)
	if err != nil {
		return nil, fmt.Errorf("web UI: %w", err)
	}
	u := &ui{
		server: uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(o, temporal, port))),
		url:    "http://" + address(port),
		ended:  make(chan struct{}),
	}
	go func() {
		defer close(u.ended)
		_ = u.server.Start() // it has nothing to say: it ends when it is stopped
	}()
	if err := u.answers(ctx); err != nil {
		u.stop()
		return nil, err
	}
	return u, nil
}

// uiConfig keeps the UI to this host, keeps it from fetching news, and takes
// the terminate button away: a terminated workflow runs none of its undo.
func uiConfig(o Options, temporal string, port int) *uiconfig.Config {
	return &uiconfig.Config{
		Host:                      loopback,
		Port:                      port,
		TemporalGRPCAddress:       temporal,
		EnableUI:                  true,
		DefaultNamespace:          o.Namespaces[0],
		CORS:                      uiconfig.CORS{CookieInsecure: true, AllowOrigins: []string{"http://" + address(port)}},
		Codec:                     uiconfig.Codec{Endpoint: o.CodecEndpoint},
		DisableNewsFetch:          true,
		WorkflowTerminateDisabled: true,
		HideLogs:                  true,
	}
}

// answers waits until the UI does.
func (u *ui) answers(ctx context.Context) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop closes the UI and waits until it has ended. A nil ui is none.
func (u *ui) stop() {
	if u == nil {
		return
	}
	u.server.Stop()
	<-u.ended
}
