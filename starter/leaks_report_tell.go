package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// tell says what became of a report, and waits if that was asked for. failed is why it
// could not be read to its end.
func (r *reportReading) tell(ctx context.Context, a *app, store registry.Store, command string, failed error) error {
	v := r.view
	switch {
	case failed != nil && v.Findings == 0:
		return failed
	case failed == nil && v.Findings > 0 && v.WithoutValue == v.Findings:
		return usagef("%s: none of the findings holds a value, so nobody can tell whose they are; run the scanner without --redact, and pipe its report so that it is never on a disk", command)
	case v.WithoutValue > 0:
		a.logger(slog.LevelWarn).Warn(fmt.Sprintf("%s without a value, such as one that was redacted, and left out", plural(v.WithoutValue, "finding is", "findings are")))
	}
	ids := v.alive()
	if !r.opts.wait || failed != nil || len(ids) == 0 {
		return errors.Join(a.print(v, v.write), failed)
	}
	if err := v.write(a.progress()); err != nil {
		return err
	}
	w := newLeakWatcher(a, store, "list", ids...)
	w.timeout = r.opts.timeout
	seen, err := w.watch(ctx)
	if err != nil {
		return err
	}
	return v.end(a, seen, r.opts.timeout)
}

// alive are the leaks of keys that are not dead.
func (v *reportView) alive() []string {
	var out []string
	for _, r := range v.Leaks {
		if r.Key != "" && r.State == registry.LeakOpen {
			out = append(out, r.Leak)
		}
	}
	return out
}

// end says how those stand that were waited for. One that is alive makes the exit code.
func (v *reportView) end(a *app, seen []registry.Leak, waited time.Duration) error {
	var alive []string
	last := time.Duration(0)
	for _, l := range seen {
		v.by[l.ID].see(l)
		if !endedLeak(l) {
			alive = append(alive, l.ID)
			continue
		}
		last = max(last, l.Dead.Sub(l.At))
	}
	err := a.print(v, func(w io.Writer) error {
		if len(alive) > 0 {
			return nil // the error says it
		}
		_, err := fmt.Fprintf(w, "%s %s dead or dismissed, the last %s after it was told of\n", painter(a.live()).green("✓"), plural(len(seen), "leaked key is", "leaked keys are"), rough(last))
		return err
	})
	if err != nil || len(alive) == 0 {
		return err
	}
	return fmt.Errorf("%d of %s alive after %s: %s; see what one waits for: keyturn leaks show %s",
		len(alive), plural(len(seen), "leaked key is", "leaked keys are"), span(keyturn.Duration(waited)), strings.Join(alive[:min(listed, len(alive))], ", "), alive[0])
}
