package webhooks

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// leak acts on a scanner's delivery: an alert that does not tell the value is read by
// a workflow, because scanners wait for an answer for seconds only; findings are
// recorded here and now, because their values must not be put anywhere. A delivery is
// recorded once what follows is sure to happen.
func (s *Server) leak(w http.ResponseWriter, r *http.Request, name string, source leaks.Source, body []byte) {
	as := "leaks/" + name
	path := strings.TrimPrefix(r.URL.Path, leaksPath+name)
	news, err := source.Hear(r.Context(), leaks.Delivery{Method: r.Method, Path: path, Header: r.Header, Body: body})
	switch keyturn.KindOf(err) {
	case keyturn.NotFound:
		answer(w, http.StatusNotFound, "this source has no such endpoint")
		return
	case keyturn.Unavailable, keyturn.RateLimited: // what proves it cannot be had just now
		s.Log.Error("a delivery could not be checked", "source", as, "error", err)
		s.end(w, as, Failed, http.StatusServiceUnavailable, "try again later")
		return
	}
	if s.refused(w, as, "source", unproven, err) {
		return
	}
	outcome, err := s.heard(r.Context(), as, name, news)
	if err != nil {
		s.Log.Error("a delivery could not be acted on", "source", as, "error", err)
		s.end(w, as, Failed, http.StatusServiceUnavailable, "try again later")
		return
	}
	status := news.Status
	if status == 0 {
		status = http.StatusOK
	}
	if news.Answer == "" && news.Status == 0 {
		s.end(w, as, outcome, status, "")
		return
	}
	s.Count(as, outcome)
	if news.ContentType != "" {
		w.Header().Set("Content-Type", news.ContentType)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, news.Answer)
}

// leaksPath is where sources deliver to, without their names.
const leaksPath = "/webhooks/leaks/"

func (s *Server) heard(ctx context.Context, as, source string, news leaks.News) (Outcome, error) {
	if news.Event == "" {
		return Ignored, nil
	}
	seen, err := s.Registry.Delivered(ctx, as, news.Event)
	if err != nil {
		return "", err
	}
	if seen {
		return Replayed, nil
	}
	outcome := Ignored
	if news.Alert != "" {
		if err := s.Temporal.HearAlert(ctx, source, news.Alert, news.Event); err != nil {
			return "", err
		}
		outcome = Told
	}
	if len(news.Findings) > 0 {
		if err := s.Report(ctx, source, news.Findings); err != nil {
			return "", err
		}
		outcome = Told
	}
	return outcome, s.Registry.RecordDelivery(ctx, as, news.Event, s.Now())
}
