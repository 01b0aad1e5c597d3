package webhooks

import (
	"context"
	"io"
	"net/http"

	"github.com/keyturn/keyturn/people"
)

// unproven is what a delivery lacks that shows no signature of the sender's.
const unproven = "does not prove where it is from"

// person acts on a directory's delivery. Each change is looked at by a workflow,
// because directories wait for an answer for seconds only. It is recorded once that
// is sure to run, so that nothing is lost and little is done twice.
func (s *Server) person(w http.ResponseWriter, r *http.Request, name string, d people.Directory, body []byte) {
	source := "people/" + name
	h, ok := d.(people.Hearer)
	if !ok {
		answer(w, http.StatusNotFound, "this directory sends no deliveries")
		return
	}
	news, err := h.Hear(people.Delivery{Method: r.Method, Header: r.Header, Query: r.URL.Query(), Body: body})
	if s.refused(w, source, "directory", unproven, err) {
		return
	}
	if news.Answer != "" {
		s.Count(source, Ignored)
		w.Header().Set("Content-Type", news.ContentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, news.Answer)
		return
	}
	outcome, err := s.hear(r.Context(), source, name, news)
	if err != nil {
		s.Log.Error("a delivery could not be acted on", "source", source, "error", err)
		s.end(w, source, Failed, http.StatusServiceUnavailable, "try again later")
		return
	}
	s.end(w, source, outcome, http.StatusOK, "")
}

func (s *Server) hear(ctx context.Context, source, directory string, news people.News) (Outcome, error) {
	outcome := Ignored
	if news.Missed {
		if err := s.Temporal.Compare(ctx); err != nil {
			return "", err
		}
		outcome = Told
	}
	for _, c := range news.Changed {
		seen, err := s.Registry.Delivered(ctx, source, c.Event)
		if err != nil {
			return "", err
		}
		if seen {
			if outcome == Ignored {
				outcome = Replayed
			}
			continue
		}
		if err := s.Temporal.Hear(ctx, directory, c.ID, c.Event); err != nil {
			return "", err
		}
		if err := s.Registry.RecordDelivery(ctx, source, c.Event, s.Now()); err != nil {
			return "", err
		}
		outcome = Told
	}
	return outcome, nil
}
