package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// The vendor of BenchmarkVendorLimit answers so many requests a second, and a
// fifth of them at once. What exceeds that is 429.
const (
	vendorLimit = 20.0
	vendorBurst = 4
)

// aim is the share of a vendor's limit that is configured: clocks differ, and a
// vendor that is used to the last request refuses some.
const aim = 0.97

// measured is for how long the requests are counted, and settling how long before
// that nothing is: what has piled up comes at once.
const (
	settling = 2 * time.Second
	measured = 30 * time.Second
)

// BenchmarkVendorLimit has two workers do all they may at an account whose vendor
// counts requests. They must use the vendor's limit to within 5 %, and be refused
// nothing after the first second. "calls" is the limit of each worker's requests,
// "queue" that of the task queue, where each activity makes one request. Run it
// with -benchtime 1x.
func BenchmarkVendorLimit(b *testing.B) {
	const workers, unlimited = 2, 10_000
	for _, c := range []struct {
		name        string
		rate, calls float64
	}{
		{"calls", unlimited, aim * vendorLimit / workers},
		{"queue", aim * vendorLimit, unlimited},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				a := account("http", 1, c.rate)
				a.calls, a.meter = c.calls, &meter{}
				a.Faults.Set(fake.Rule{Rate: vendorLimit, Burst: vendorBurst})
				r := newRig(b, inMemory, servertest.StartVaultInMemory(b), a)
				r.start(workers)
				r.saturate(a)
				a.meter.report(b)
			}
		})
	}
}

// saturate asks about an account, with more questions open than can be answered,
// until enough was counted. One question is one activity and one request.
func (r *rig) saturate(a *rigAccount) {
	r.t.Helper()
	const open = 100
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range open {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				o := client.StartWorkflowOptions{ID: fmt.Sprintf("check/%d/%d", i, n), TaskQueue: r.queue}
				run, err := r.client.ExecuteWorkflow(r.t.Context(), o, workflows.CheckAccount, activities.CheckAccountInput{Issuer: a.issuer()})
				if err == nil {
					err = run.Get(r.t.Context(), nil)
				}
				if err != nil {
					r.t.Error(err)
					return
				}
			}
		})
	}
	<-a.meter.full()
	close(stop)
	wg.Wait()
}

// A meter notes when a vendor was asked, and what it refused as too much.
type meter struct {
	mu       sync.Mutex
	answered []time.Time
	refused  []time.Time
}

// full is closed when enough was counted, which begins with the first request.
func (m *meter) full() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		for m.first().IsZero() {
			time.Sleep(10 * time.Millisecond) // the request is another process's
		}
		time.Sleep(time.Until(m.first().Add(settling + measured)))
		close(done)
	}()
	return done
}

func (m *meter) first() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.answered) == 0 {
		return time.Time{}
	}
	return m.answered[0]
}

// watch counts what next answers.
func (m *meter) watch(next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, s := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		m.mu.Lock()
		defer m.mu.Unlock()
		if s.status == http.StatusTooManyRequests {
			m.refused = append(m.refused, at)
		} else {
			m.answered = append(m.answered, at)
		}
	})
}

// report compares what was counted with the limit.
func (m *meter) report(b *testing.B) {
	b.Helper()
	from := m.first().Add(settling)
	m.mu.Lock()
	defer m.mu.Unlock()
	answered, early, late := 0, 0, 0
	for _, at := range m.answered {
		if !at.Before(from) && at.Before(from.Add(measured)) {
			answered++
		}
	}
	for _, at := range m.refused {
		if at.Before(m.answered[0].Add(time.Second)) {
			early++
		} else {
			late++
		}
	}
	perSecond := float64(answered) / measured.Seconds()
	b.ReportMetric(perSecond, "requests/s")
	b.ReportMetric(perSecond/vendorLimit, "of-limit")
	b.ReportMetric(float64(early), "429-in-first-second")
	b.ReportMetric(float64(late), "429-later")
	if late > 0 || perSecond < 0.95*vendorLimit || perSecond > vendorLimit {
		b.Fatalf("%.1f requests a second of %g, and %d refused after the first second", perSecond, vendorLimit, late)
	}
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
