package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gitlab/gitlabfake"
)

func (w world) list(t *testing.T, principal string, each func(providers.RemoteKey)) error {
	t.Helper()
	for k, err := range w.p.(providers.Lister).List(t.Context(), principal) {
		if err != nil {
			return err
		}
		each(k)
	}
	return nil
}

// TestListNoticesDeletions revokes a token between two pages: one that was not
// read yet would move to the page that was.
func TestListNoticesDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 150)
	n := 0
	err := w.list(t, project, func(k providers.RemoteKey) {
		if n++; n == 1 {
			if err := w.l.Revoke("somebody", "", k.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
	wantKind(t, "List", err, keyturn.Unavailable)
	if n != 100 {
		t.Errorf("List read %d tokens, want the first page", n)
	}
}

// TestListNeedsNoHeaders checks that a proxy which drops GitLab's headers does
// not cut a listing short.
func TestListNeedsNoHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 250)
	whole := gitlabfake.New(w.l)
	w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		whole.ServeHTTP(rec, r)
		_, _ = out.Write(rec.Body.Bytes())
	})})
	n := 0
	wantKind(t, "List", w.list(t, project, func(providers.RemoteKey) { n++ }), "")
	if n != 250 {
		t.Errorf("List read %d tokens, want 250", n)
	}
}

// TestListOfTheAccount checks that all projects and groups are visited, and
// that listing is refused where nobody said which they are.
func TestListOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 1)
	w.l.AddPrincipal("group/1", "group/7", "project/43")
	for _, p := range []string{"group/1", "group/7", "project/43"} {
		if _, err := w.l.Mint("test", fake.Draft{Principal: p, Label: "orders/g9"}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	wantKind(t, "List", w.list(t, "", func(k providers.RemoteKey) { got = append(got, k.Principal) }), "")
	if want := []string{"group/1", "group/7", "project/42", "project/43"}; !slices.Equal(got, want) {
		t.Errorf("List read tokens of %q, want %q", got, want)
	}
	w = newWorld(t, `{"token":{"path":"keyturn/gitlab"}}`, 1)
	requests := 0
	w.faults.Hook(func(*http.Request) { requests++ }, nil)
	wantKind(t, "List without the setting group", w.list(t, "", func(providers.RemoteKey) {}), keyturn.Unsupported)
	if requests != 0 {
		t.Errorf("it made %d requests, want none", requests)
	}
}
