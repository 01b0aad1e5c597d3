// Package simulate serves pretend vendors on this machine, for the demo and
// for tests: each one's own API, settling times and throttling, with a switch
// for everything that goes wrong at real ones. Nothing leaves the machine and
// no key is real.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Options say how the vendors behave. The zero value is realistic, but quick.
type Options struct {
	// Port is where the control panel listens; 0 picks a free one. Every
	// vendor has a free port of its own. All are on 127.0.0.1.
	Port int
	// Principals exist at vendors whose keys belong to somebody. Empty means
	// svc-payments, svc-search and svc-reports.
	Principals []string
	// Settle is how long a change takes to be believed. 0 means each vendor's
	// own, a second or two; a negative time means none.
	Settle time.Duration
	// Rate is how many requests a second each vendor answers before it says
	// that there are too many. 0 means each vendor's own; a negative number
	// means no limit.
	Rate float64
	// ValuePrefix starts every value the vendors make, so that a test can look
	// for it where no value may be.
	ValuePrefix string
	// AdminFolder is where the store keeps the administrators' credentials.
	// Empty means secret/keyturn/admin.
	AdminFolder string
}

func (o Options) withDefaults() Options {
	if len(o.Principals) == 0 {
		o.Principals = []string{"svc-payments", "svc-search", "svc-reports"}
	}
	if o.AdminFolder == "" {
		o.AdminFolder = "secret/keyturn/admin"
	}
	return o
}

// Vendors are the vendors that run. What they know is kept until Stop.
type Vendors struct {
	all     []*Vendor
	control string

	stopOnce sync.Once
	servers  []*http.Server
	serving  sync.WaitGroup
}

// Start serves every vendor and the control panel. When it fails, nothing
// stays behind. Afterwards ctx has no bearing on them; Stop ends them.
func Start(ctx context.Context, options Options) (*Vendors, error) {
	o := options.withDefaults()
	vs := &Vendors{}
	for _, kind := range kinds() {
		v := newVendor(kind, o)
		url, err := vs.serve(ctx, 0, v.Handler())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("simulate %s: %w", kind.provider, err), vs.Stop())
		}
		v.BaseURL = url
		vs.all = append(vs.all, v)
	}
	url, err := vs.serve(ctx, o.Port, panel(vs.all))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("simulate: control panel: %w", err), vs.Stop())
	}
	vs.control = url
	for _, v := range vs.all {
		v.ControlURL = url + "/" + v.Provider
	}
	return vs, nil
}

// All returns the vendors, in the order of their names.
func (vs *Vendors) All() []*Vendor { return vs.all }

// Vendor returns the one that stands in for a provider ("aws"), or nil.
func (vs *Vendors) Vendor(provider string) *Vendor {
	for _, v := range vs.all {
		if v.Provider == provider {
			return v
		}
	}
	return nil
}

// ControlURL is where the control panel is. Asked without a path it lists the
// vendors and what can be asked of each.
func (vs *Vendors) ControlURL() string { return vs.control }

// Stop ends the vendors at once, whatever they are in the middle of. It is
// safe to call more than once.
func (vs *Vendors) Stop() error {
	var errs []error
	vs.stopOnce.Do(func() {
		for _, s := range vs.servers {
			errs = append(errs, s.Close())
		}
		vs.serving.Wait()
	})
	return errors.Join(errs...)
}

// serve serves h on a loopback port and returns its URL.
func (vs *Vendors) serve(ctx context.Context, port int, h http.Handler) (string, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("port %d of 127.0.0.1 is taken: choose another, or 0 for a free one", port)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	vs.servers = append(vs.servers, s)
	vs.serving.Go(func() { _ = s.Serve(l) }) // it ends when Stop closes it
	return "http://" + l.Addr().String(), nil
}
