package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

const canary = "CANARY-"

// outcome runs an activity that fails as given, behind the translator, and
// returns what a workflow would see.
func outcome(t *testing.T, fail func() error) *temporal.ApplicationError {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{new(activities.Errors)}})
	env.RegisterActivityWithOptions(func(context.Context) error { return fail() }, activity.RegisterOptions{Name: "Fail"})
	_, err := env.ExecuteActivity("Fail")
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		t.Fatalf("got %T: %v", err, err)
	}
	return app
}

func TestEveryKindIsTranslated(t *testing.T) {
	t.Parallel()
	for kind, retry := range map[keyturn.Kind]bool{
		keyturn.Denied: false, keyturn.Invalid: false, keyturn.NotFound: false, keyturn.Conflict: false, keyturn.Exhausted: false,
		keyturn.Behind: false, keyturn.Final: false, keyturn.Unsupported: false,
		keyturn.NotYet: true, keyturn.RateLimited: true, keyturn.Unavailable: true,
	} {
		app := outcome(t, func() error { return fmt.Errorf("around: %w", keyturn.Errorf(kind, "acme: mint", "no")) })
		if app.Type() != string(kind) || app.NonRetryable() == retry || app.Message() != "acme: mint: no" {
			t.Errorf("%s: type %q, non-retryable %t, message %q", kind, app.Type(), app.NonRetryable(), app.Message())
		}
	}
}

func TestRetryAfterIsHonouredWithinBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        keyturn.Kind
		asked, want time.Duration
	}{
		{keyturn.RateLimited, 7 * time.Second, 7 * time.Second},
		{keyturn.RateLimited, 10 * time.Hour, 15 * time.Minute}, // vendors have been seen to ask for it
		{keyturn.Unavailable, time.Minute, time.Minute},
		{keyturn.NotYet, 3 * time.Hour, 3 * time.Hour}, // our own clock
	} {
		app := outcome(t, func() error {
			return &keyturn.Error{Kind: c.kind, Op: "acme", Message: "wait", RetryAfter: c.asked}
		})
		if app.NextRetryDelay() != c.want {
			t.Errorf("%s asked for %s, got %s, want %s", c.kind, c.asked, app.NextRetryDelay(), c.want)
		}
	}
}

func TestStrangersTextStaysHome(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"plain error": func() error { return errors.New("vendor says: bad token " + canary) },
		"panic":       func() error { panic("unexpected token " + canary) },
		"panic error": func() error { panic(fmt.Errorf("token %s: %w", canary, io.EOF)) },
		"wrapped":     func() error { return fmt.Errorf("%s: %w", canary, io.ErrUnexpectedEOF) },
		"around ours": func() error {
			return fmt.Errorf("%s: %w", canary, keyturn.Errorf(keyturn.Denied, "acme", "no"))
		},
	} {
		app := outcome(t, fail)
		if strings.Contains(fmt.Sprintf("%+v %v %s", app, app.Unwrap(), app.Message()), canary) {
			t.Errorf("%s: it reached the history: %v", name, app)
		}
	}
}

// TestNamesAreFinal holds the names of activities, which are in histories.
func TestNamesAreFinal(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(b))
	var got []string
	for _, typ := range []reflect.Type{reflect.TypeFor[*activities.Keys](), reflect.TypeFor[*activities.People](), reflect.TypeFor[*activities.Fleet](), reflect.TypeFor[*activities.Leavers](), reflect.TypeFor[*activities.Leaks]()} {
		for i := range typ.NumMethod() {
			got = append(got, typ.Method(i).Name)
		}
	}
	slices.Sort(got)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("activity %s is gone; histories name it", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("activity %s is new; add it to testdata/names.txt", name)
		}
	}
}
