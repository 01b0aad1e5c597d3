package http_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/keyturn/keyturn/providers/fake"
	keyturnhttp "github.com/keyturn/keyturn/providers/http"
)

// A contract holds conversations to the OpenAPI document.
type contract struct {
	t      *testing.T
	router routers.Router

	mu   sync.Mutex
	seen map[string]int // how often each operation was answered with which status
}

func newContract(t *testing.T) *contract {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData([]byte(keyturnhttp.Contract()))
	if err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi.yaml is written in OpenAPI %s, want 3.1.0", doc.OpenAPI)
	}
	doc.Servers = nil // the fake's address is not in it
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, router: router, seen: map[string]int{}}
}

// holds serves next, and fails the test for anything not in the contract.
func (c *contract) holds(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rewind := func() { r.Body = io.NopCloser(bytes.NewReader(body)) }
		rewind()
		input := c.request(r)
		rewind()
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		c.response(r, input, rec)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// holdsRefusals does the same to errors that come from nowhere.
func (c *contract) holdsRefusals(refuse fake.Refusal) fake.Refusal {
	return func(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
		c.holds(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { refuse(w, r, status, wait, text) })).ServeHTTP(w, r)
	}
}

func (c *contract) request(r *http.Request) *openapi3filter.RequestValidationInput {
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL, err)
		return nil
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true,
		AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
			if v, ok := strings.CutPrefix(in.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer "); !ok || v == "" {
				return errors.New("there is no bearer")
			}
			return nil
		},
	}}
	if err := openapi3filter.ValidateRequest(c.t.Context(), input); err != nil {
		c.t.Errorf("request %s %s: %v", r.Method, r.URL, err)
	}
	return input
}

func (c *contract) response(r *http.Request, input *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) {
	if input == nil {
		return
	}
	err := openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: rec.Code, Header: rec.Header(), Options: input.Options,
		Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
	})
	if err != nil {
		c.t.Errorf("%d to %s %s: %v", rec.Code, r.Method, r.URL, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[input.Route.Operation.OperationID]++
}

// summary fails the test if an operation was never tried.
func (c *contract) summary() {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for _, n := range c.seen {
		total += n
	}
	c.t.Logf("%d requests and answers held to the contract: %v", total, c.seen)
	if total < 100 {
		c.t.Errorf("only %d requests were held to the contract", total)
	}
}
