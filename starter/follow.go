package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// A follower watches one run of a key's workflow and shows what happens.
type follower struct {
	a        *app
	key      keyturn.KeyID
	looker   *looker
	interval time.Duration
	show     display
}

// A display shows views to people.
type display interface {
	// show shows v; it is called again and again with the same view as time
	// passes.
	show(v view, now time.Time)
}

// newFollower watches run, or the latest run when it is empty.
func newFollower(a *app, eng *engine, key keyturn.KeyID, run string) *follower {
	f := &follower{a: a, key: key, interval: time.Second, looker: &looker{eng: eng, now: a.now, last: view{Key: key, Run: run}}}
	if a.live() {
		f.show = &screen{w: a.out, size: a.term.Size, paint: painter(true)}
	} else {
		f.show = &lines{w: a.progress()}
	}
	return f
}

// progress is where a person reads what goes on: standard output, unless that
// carries a document.
func (a *app) progress() io.Writer {
	if a.global.output == table {
		return a.out
	}
	return a.err
}

// seen is a view or the reason why there will be no more of them.
type seen struct {
	view view
	err  error
}

// follow watches until the operation ends; its outcome is the exit code.
func (f *follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	views := make(chan seen)
	go f.watch(ctx, views)
	var tick <-chan time.Time
	if f.a.live() {
		t := time.NewTicker(f.a.term.Tick)
		defer t.Stop()
		tick = t.C
	}
	var v view
	for {
		select {
		case <-ctx.Done():
			return f.leave()
		case <-tick:
			if v.Run != "" {
				f.show.show(v, f.a.now())
			}
		case s := <-views:
			switch {
			case ctx.Err() != nil:
				return f.leave()
			case s.err != nil:
				return s.err
			}
			v = s.view
			f.show.show(v, f.a.now())
			if v.ended() {
				return f.end(&v)
			}
		}
	}
}

// watch looks again and again until the run ends or looking is in vain.
func (f *follower) watch(ctx context.Context, out chan<- seen) {
	t := time.NewTicker(f.interval)
	defer t.Stop()
	for {
		v, err := f.looker.look(ctx)
		select {
		case out <- seen{v, err}:
		case <-ctx.Done():
			return
		}
		if err != nil || v.ended() {
			return
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower) leave() error {
	_, _ = fmt.Fprintf(f.a.err, "keyturn: stopped watching; the operation goes on. Come back with: keyturn watch %s\n", f.key)
	return silent(exitInterrupted)
}

// watched is the document that tells how an operation ended.
type watched struct {
	Operation string            `json:"operation"`
	Key       keyturn.KeyID     `json:"key"`
	Run       string            `json:"run"`
	Started   time.Time         `json:"started"`
	Ended     time.Time         `json:"ended"`
	Result    *workflows.Result `json:"result,omitempty"`
	Failure   string            `json:"failure,omitempty"`
}

// end prints the result and returns the outcome as an exit code.
func (f *follower) end(v *view) error {
	doc := watched{v.Operation, v.Key, v.Run, v.Started, v.Closed, v.Result, v.Failure}
	paint := painter(f.a.live())
	if err := f.a.print(doc, func(w io.Writer) error { return writeResult(w, v, f.a.now(), paint) }); err != nil {
		return err
	}
	if v.Result == nil {
		return &codedError{exitFailed, fmt.Errorf("%s %s: %s; see what is left of it with: keyturn keys show %s", v.Operation, v.Key, v.Failure, v.Key)}
	}
	if code := outcomeCode(v.Result.Outcome); code != exitOK {
		return silent(code)
	}
	return nil
}
