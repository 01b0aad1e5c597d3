package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// An effect names what a request changes; empty means nothing.
type effect func(r *http.Request, body []byte) string

// tripped puts a tripwire in front of a server. look, which may be nil, is
// shown every effect before it happens.
func tripped(w *tripwire, what effect, look func(name string, r *http.Request, body []byte), next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		name := what(r, body)
		if name == "" {
			next.ServeHTTP(rw, r)
			return
		}
		if w.before(name) {
			panic(http.ErrAbortHandler)
		}
		if look != nil {
			look(name, r, body)
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if w.done(name) {
			panic(http.ErrAbortHandler)
		}
		for k, v := range answer.Header() {
			rw.Header()[k] = v
		}
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(answer.Body.Bytes())
	})
}

// vaultProxy serves the Vault at address behind a tripwire.
func vaultProxy(t testing.TB, w *tripwire, address string) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}
	return serve(t, tripped(w, vaultEffect, nil, proxy))
}

func vaultEffect(r *http.Request, _ []byte) string {
	if r.Method == http.MethodGet || r.Method == "LIST" || strings.Contains(r.URL.Path, "/auth/") {
		return ""
	}
	kind := "consumer path"
	if strings.Contains(r.URL.Path, "keyturn-staged") {
		kind = "staged path"
	}
	op := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/secret/"), "/")[0]
	return "vault " + r.Method + " " + op + " of the " + kind
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = quiet()
	srv.Start()
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	return srv.URL
}
