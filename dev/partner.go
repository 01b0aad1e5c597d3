package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/secrets"
)

// hookSecret signs what the pretend tracker sends to the worker.
const hookSecret = "only-for-the-demo"

// partner is the part of the world in which people work: a portal whose keys no
// API makes, and the tracker that asks for them.
type partner struct {
	portal    *simulate.Portal
	desk      *simulate.Desk
	portalURL string
	deskURL   string // the tracker's API
	hooks     string // where the worker hears of closed tickets
}

// startPartner serves both until the platform stops.
func (p *platform) startPartner(ctx context.Context) (err error) {
	p.portal = simulate.NewPortal("", true)
	p.desk = simulate.NewDesk("github", "secret/keyturn/admin")
	if p.portalURL, err = p.serve(p.portal.Handler()); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", p.desk.Handler)
	mux.HandleFunc("GET /tickets", p.showTickets)
	mux.HandleFunc("POST /tickets/{id}/close", p.closeTicket)
	if p.deskURL, err = p.serve(mux); err != nil {
		return err
	}
	if p.hooks, err = freeAddress(); err != nil {
		return err
	}
	return p.store.Put(ctx, p.desk.Token.Ref, secrets.Value{RemoteID: p.desk.Token.ID, Secret: p.desk.Token.Secret})
}

func (p *platform) serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }()
	p.undo = append(p.undo, srv.Close)
	return "http://" + l.Addr().String(), nil
}

// freeAddress finds one that nobody listens on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// showTickets is all that stands on the tracker's tickets, as text.
func (p *platform) showTickets(w http.ResponseWriter, _ *http.Request) {
	for _, t := range p.desk.Tickets() {
		state := "OPEN  (close it: curl -X POST " + p.deskURL + "/tickets/" + t.ID + "/close)"
		if t.Closed {
			state = "CLOSED"
		}
		_, _ = fmt.Fprintf(w, "#%s %s\n%s\n\n%s\n\n%s\n", t.ID, t.Title, state, t.Text, strings.Repeat("-", 80))
	}
}

// closeTicket closes one, as a person does, and the tracker tells the worker.
func (p *platform) closeTicket(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	p.desk.Close(id)
	header, body := p.desk.Deliver(id, hookSecret)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+p.hooks+"/webhooks/tickets/ops", strings.NewReader(string(body)))
	if err == nil {
		req.Header = header
		var resp *http.Response
		if resp, err = http.DefaultClient.Do(req); err == nil { //nolint:gosec // our own worker
			_ = resp.Body.Close()
		}
	}
	if err != nil {
		http.Error(w, "the worker was not told: "+err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintln(w, "closed; Keyturn looks whether it is done")
}

// byHand is the chapter of the story in which a person is needed. The demo plays
// that person once, and leaves the next time to whoever watches.
func (p *platform) byHand(ctx context.Context) error {
	p.say("5. A partner's portal has no API: only a person can make its keys. So a person is asked,\n" +
		"   by ticket, and what they say is checked. The first time, the demo plays that person.")
	if err := p.keyturn(ctx, 0, "issue", handKey); err != nil {
		return err
	}
	if err := p.untilAsked(ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\n$ %s\n", p.supplyCommand())
	if err := p.supply(ctx); err != nil {
		return err
	}
	if err := p.keyturn(ctx, 0, "watch", handKey); err != nil {
		return err
	}
	p.say("6. It is rotated, too, and now it is your turn: this one waits for you.")
	if err := p.keyturn(ctx, 0, "rotate", handKey, "--note", "the demo"); err != nil {
		return err
	}
	if err := p.untilAsked(ctx); err != nil {
		return err
	}
	return p.keyturn(ctx, 0, "manual", "show", handKey)
}

// supplyCommand is the one command with which a newcomer completes the rotation:
// it clicks "new key" at the portal and hands the value over.
func (p *platform) supplyCommand() string {
	return fmt.Sprintf("curl -s -X POST %s/keys | bin/keyturn manual supply %s", p.portalURL, handKey)
}

// supply does what supplyCommand says, without curl.
func (p *platform) supply(ctx context.Context) error {
	k, err := p.portal.Make()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "keyturn"), "--config", p.file("keyturn.yaml"), "manual", "supply", handKey) //nolint:gosec // our own command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(k.Secret), p.out, p.out
	return cmd.Run()
}

// untilAsked waits until the ticket is there.
func (p *platform) untilAsked(ctx context.Context) error {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, t := range p.desk.Tickets() {
			if !t.Closed {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return errors.New("no ticket was opened; the worker's log is " + p.file("worker.log"))
		case <-tick.C:
		}
	}
}
