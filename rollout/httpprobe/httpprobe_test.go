package httpprobe_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/rollout"
	"github.com/keyturn/keyturn/rollout/httpprobe"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/new":     `{"generations": {"payments": "payments/g8"}}`,
		"/old":     `{"generations": {"payments": "payments/g7", "other": "other/g8"}, "version": "1.2"}`,
		"/without": `{"generations": {"other": "other/g8"}}`,
		"/nothing": `{}`,
		"/html":    `<html>`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	defer srv.Close()
	c := httpprobe.Checker{HTTP: srv.Client()}
	move := rollout.Move{Key: keyturn.Key{ID: "payments"}, New: keyturn.Issued{Generation: 8}}
	look := func(ctx context.Context, url string) (rollout.Report, error) {
		return c.Check(ctx, keyturn.Consumer{Kind: httpprobe.Kind, Name: url}, move)
	}
	for path, want := range map[string]rollout.Status{
		"/new": rollout.Moved, "/old": rollout.Behind, "/without": rollout.Unknown, "/nothing": rollout.Unknown, "/html": rollout.Unknown,
	} {
		if got, err := look(t.Context(), srv.URL+path); err != nil || got.Status != want || got.Detail == "" {
			t.Errorf("%s: %+v, %v; want %s", path, got, err, want)
		}
	}
	for url, want := range map[string]keyturn.Kind{
		srv.URL + "/broken": keyturn.Unavailable, "http://127.0.0.1:1/": keyturn.Unavailable, "payments": keyturn.Invalid, "::": keyturn.Invalid,
	} {
		if _, err := look(t.Context(), url); keyturn.KindOf(err) != want {
			t.Errorf("%s: got %v, want %s", url, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := look(ctx, srv.URL+"/new"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
