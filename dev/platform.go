package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/workflows"
)

// platform is everything that runs.
type platform struct {
	options
	partner
	out         io.Writer
	temporal    *embedded.Server
	vendors     *simulate.Vendors
	store       *local.Store
	service     *service
	worker      *exec.Cmd
	workerEnded chan struct{}
	undo        []func() error
}

// start starts Temporal, the vendors and the worker. When it fails, nothing
// stays behind.
func start(ctx context.Context, o options, out io.Writer) (_ *platform, err error) {
	p := &platform{options: o, out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	if err := p.empty(); err != nil {
		return nil, err
	}
	began := time.Now()
	p.temporal, err = embedded.Start(ctx, embedded.Options{
		Dir: p.file("temporal"), Port: o.port, UIPort: o.uiPort, SearchAttributes: embedded.Attributes(workflows.SearchAttributeKeys()),
	})
	if err != nil {
		return nil, fmt.Errorf("%w; or choose other ports with -port and -ui-port", err)
	}
	p.undo = append(p.undo, p.temporal.Stop)
	if p.vendors, err = simulate.Start(ctx, simulate.Options{Settle: time.Second}); err != nil {
		return nil, err
	}
	p.undo = append(p.undo, p.vendors.Stop)
	if err := p.keepAdmins(ctx); err != nil {
		return nil, err
	}
	if err := p.startPartner(ctx); err != nil {
		return nil, err
	}
	if p.service, err = startService(p.store, p.vendors); err != nil {
		return nil, err
	}
	p.undo = append(p.undo, p.service.stop)
	if err := p.writeFiles(); err != nil {
		return nil, err
	}
	if err := p.startWorker(); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "Temporal, %d pretend vendors and the worker are up after %s.\n", len(p.vendors.All()), time.Since(began).Round(100*time.Millisecond))
	fmt.Fprintf(out, "Open the Temporal UI: %s/namespaces/keyturn/workflows\n", p.temporal.UIURL())
	return p, nil
}

// marker tells a folder of ours from one that must not be emptied.
const marker = "made-by-keyturn-dev"

// empty makes a fresh folder: the vendors remember nothing from the last time,
// so neither may the registry.
func (p *platform) empty() error {
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	p.dir = dir
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Stat(p.file(marker)); err != nil {
			return fmt.Errorf("%s holds something else; name another folder with -dir", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(p.file(marker), nil, 0o600)
}

func (p *platform) file(name string) string { return filepath.Join(p.dir, name) }

// keepAdmins puts the vendors' administrator credentials where the worker
// looks for them.
func (p *platform) keepAdmins(ctx context.Context) (err error) {
	if p.store, err = local.Open(ctx, local.Config{Dir: p.file("values"), Create: true}); err != nil {
		return err
	}
	for _, v := range p.vendors.All() {
		for _, a := range v.Admins {
			if err := p.store.Put(ctx, a.Ref, secrets.Value{RemoteID: a.ID, Secret: a.Secret}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *platform) startWorker() error {
	log, err := os.Create(p.file("worker.log"))
	if err != nil {
		return err
	}
	p.worker = exec.Command(filepath.Join(p.bin, "keyturn-worker"), "-config", p.file("worker.yaml")) //nolint:gosec // our own worker
	p.worker.Stdout, p.worker.Stderr = log, log
	// Ctrl-C reaches a whole group; the worker is stopped in its turn instead.
	p.worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.worker.Start(); err != nil {
		return fmt.Errorf("starting the worker: %w; build it first with: make build", err)
	}
	p.workerEnded = make(chan struct{})
	go func() {
		_ = p.worker.Wait()
		_ = log.Close()
		close(p.workerEnded)
	}()
	p.undo = append(p.undo, p.stopWorker)
	return nil
}

func (p *platform) stopWorker() error {
	_ = p.worker.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.workerEnded:
	case <-time.After(40 * time.Second):
		_ = p.worker.Process.Kill()
		<-p.workerEnded
	}
	return nil
}

// stop stops everything, latest first.
func (p *platform) stop() error {
	var errs []error
	for i := len(p.undo) - 1; i >= 0; i-- {
		errs = append(errs, p.undo[i]())
	}
	p.undo = nil
	return errors.Join(errs...)
}

// ref is where a demo key's value is kept.
func ref(path string) keyturn.SecretRef { return keyturn.SecretRef{Store: "default", Path: path} }
