// Package webhooks is where other systems call Keyturn: each delivery is
// verified, kept within bounds, acted on once, and turned into news for the
// workflow it concerns.
package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"go.temporal.io/api/serviceerror"
	"golang.org/x/time/rate"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

// maxBody is the longest delivery read. A tracker's issue with all its fields
// is well below.
const maxBody = 2 << 20

// A Signaller tells a workflow something. client.Client is one.
type Signaller interface {
	SignalWorkflow(ctx context.Context, workflowID, runID, signal string, arg any) error
}

// A Temporal is the little the server asks of Temporal. All but the first return once
// what they start is sure to run, and are safe to repeat.
type Temporal interface {
	Signaller
	// Hear has a person looked at of whom a directory sent news.
	Hear(ctx context.Context, directory, id, event string) error
	// Compare has owners of keys and directories compared.
	Compare(ctx context.Context) error
	// HearAlert has an alert read of which a scanner sent news.
	HearAlert(ctx context.Context, source, alert, event string) error
}

// A Server takes deliveries. Trackers, Directories, Leaks and SCIM may be empty; all
// other fields are required.
type Server struct {
	Trackers    map[string]tickets.Tracker  // by the name in the configuration
	Directories map[string]people.Directory // likewise; those that hear
	Leaks       map[string]leaks.Source     // likewise: scanners
	// Report records what a scanner found and has it answered.
	Report func(ctx context.Context, source string, found []leaks.Finding) error
	// SCIM are the endpoints identity providers push people to. They see to their
	// own authentication and bounds.
	SCIM     map[string]http.Handler
	Registry registry.Store
	Temporal Temporal
	Now      func() time.Time
	Log      *slog.Logger
	// Count is told of every delivery and what came of it: one of the outcomes.
	Count func(source string, o Outcome)
	// Rate is how many deliveries a second one source may send, and Burst how
	// many at once. More are answered 429.
	Rate  float64
	Burst int
}

// An Outcome is what came of a delivery.
type Outcome string

// The outcomes.
const (
	Told      Outcome = "told"      // a workflow was told, or begun
	Ignored   Outcome = "ignored"   // it is about nothing that concerns Keyturn
	Replayed  Outcome = "replayed"  // it was acted on before, and was not again
	Forged    Outcome = "forged"    // not signed as it must be, or too old: 401
	Malformed Outcome = "malformed" // signed, and not understood: 400
	TooLarge  Outcome = "too_large" // 413
	TooMany   Outcome = "too_many"  // 429
	Failed    Outcome = "failed"    // the registry or Temporal did not answer: 503
)

// ScimPath is where the SCIM endpoint of a directory is.
func ScimPath(directory string) string { return "/scim/v2/" + directory }

// Handler serves POST /webhooks/tickets/<tracker>, GET and POST
// /webhooks/people/<directory> and /webhooks/leaks/<source>, and
// /scim/v2/<directory>/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	limits := map[string]*rate.Limiter{}
	limit := func(name string) { limits[name] = rate.NewLimiter(rate.Limit(s.Rate), s.Burst) }
	for name := range s.Trackers {
		limit(name)
	}
	for name := range s.Directories {
		limit("people/" + name)
	}
	for name := range s.Leaks {
		limit("leaks/" + name)
	}
	mux.HandleFunc("POST /webhooks/tickets/{tracker}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("tracker")
		t, ok := s.Trackers[name]
		if !ok {
			answer(w, http.StatusNotFound, "no such tracker is configured")
			return
		}
		if body, ok := s.read(w, r, name, limits[name]); ok {
			s.ticket(w, r, name, t, body)
		}
	})
	directory := func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("directory")
		d, ok := s.Directories[name]
		if !ok {
			answer(w, http.StatusNotFound, "no such directory is configured")
			return
		}
		if body, ok := s.read(w, r, "people/"+name, limits["people/"+name]); ok {
			s.person(w, r, name, d, body)
		}
	}
	mux.HandleFunc("GET /webhooks/people/{directory}", directory)
	mux.HandleFunc("POST /webhooks/people/{directory}", directory)
	scanner := func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("source")
		source, ok := s.Leaks[name]
		if !ok {
			answer(w, http.StatusNotFound, "no such source is configured")
			return
		}
		if body, ok := s.read(w, r, "leaks/"+name, limits["leaks/"+name]); ok {
			s.leak(w, r, name, source, body)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		mux.HandleFunc(method+" "+leaksPath+"{source}", scanner)
		mux.HandleFunc(method+" "+leaksPath+"{source}/{rest...}", scanner)
	}
	for name, h := range s.SCIM {
		mux.Handle(ScimPath(name)+"/", h)
	}
	return mux
}

// read reads a delivery within bounds, or answers it.
func (s *Server) read(w http.ResponseWriter, r *http.Request, source string, limit *rate.Limiter) ([]byte, bool) {
	if !limit.Allow() {
		w.Header().Set("Retry-After", "1")
		s.end(w, source, TooMany, http.StatusTooManyRequests, "too many deliveries; send it again later")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		s.end(w, source, TooLarge, http.StatusRequestEntityTooLarge, "the delivery is too large")
	}
	return body, err == nil // else the sender is gone
}

// ticket acts on a tracker's delivery. Acting twice on one is harmless, because
// the workflow asks the tracker; so it is recorded only once it was acted on.
func (s *Server) ticket(w http.ResponseWriter, r *http.Request, name string, t tickets.Tracker, body []byte) {
	news, err := t.Hear(r.Header, body)
	if s.refused(w, name, "tracker", "is not signed as it must be", err) {
		return
	}
	if news.Ticket == "" {
		s.end(w, name, Ignored, http.StatusOK, "")
		return
	}
	outcome, err := s.tell(r.Context(), name, news)
	if err != nil {
		s.Log.Error("a delivery could not be acted on", "source", name, "error", err)
		s.end(w, name, Failed, http.StatusServiceUnavailable, "try again later")
		return
	}
	s.end(w, name, outcome, http.StatusOK, "")
}

// refused answers a delivery that Hear refused, and reports whether it did. sender is
// what sends such deliveries, and lacks what one lacks that is Denied.
func (s *Server) refused(w http.ResponseWriter, source, sender, lacks string, err error) bool {
	switch keyturn.KindOf(err) {
	case "":
		return false
	case keyturn.Unsupported:
		answer(w, http.StatusNotFound, "no webhook secret is configured for this "+sender)
	case keyturn.Denied:
		s.end(w, source, Forged, http.StatusUnauthorized, "the delivery "+lacks+", or is too old")
	default:
		s.end(w, source, Malformed, http.StatusBadRequest, "the delivery cannot be understood")
	}
	return true
}

func (s *Server) tell(ctx context.Context, name string, news tickets.News) (Outcome, error) {
	seen, err := s.Registry.Delivered(ctx, name, news.Delivery)
	if err != nil {
		return "", err
	}
	if seen {
		return Replayed, nil
	}
	outcome := Ignored // most tickets of a project are not ours
	ref := keyturn.TicketRef{Tracker: name, ID: news.Ticket}
	for key, err := range s.Registry.Find(ctx, registry.Filter{Ticket: ref.String()}) {
		if err != nil {
			return "", err
		}
		err := s.Temporal.SignalWorkflow(ctx, workflows.KeyWorkflowID(key.ID), "", workflows.SignalTicket, workflows.TicketNews{Delivery: news.Delivery})
		var ended *serviceerror.NotFound
		switch {
		case errors.As(err, &ended):
		case err != nil:
			return "", keyturn.Errorf(keyturn.Unavailable, "webhooks: signal", "Temporal does not answer")
		default:
			outcome = Told
		}
	}
	return outcome, s.Registry.RecordDelivery(ctx, name, news.Delivery, s.Now())
}

func (s *Server) end(w http.ResponseWriter, source string, o Outcome, status int, text string) {
	s.Count(source, o)
	if text == "" {
		text = string(o)
	}
	answer(w, status, text)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": text})
}
