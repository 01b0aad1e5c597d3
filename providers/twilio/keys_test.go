package twilio_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestMintIsCareful checks what is refused before a key is made, and what
// after.
func TestMintIsCareful(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mint := func(label string, permissions ...string) keyturn.Kind {
		_, err := w.p.Mint(t.Context(), providers.MintRequest{Label: label, Permissions: permissions})
		return keyturn.KindOf(err)
	}
	if got := mint(strings.Repeat("x", 65)); got != keyturn.Invalid {
		t.Errorf("a label too long: %q, want invalid", got)
	}
	if got := mint("orders/g1", make([]string, 101)...); got != keyturn.Invalid {
		t.Errorf("too many permissions: %q, want invalid", got)
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("asked %q, want nothing", got)
	}
	if got := mint(strings.Repeat("x", 64)); got != "" {
		t.Errorf("the longest label: %q, want success", got)
	}
	const made = `{"sid":"SK00000000000000000000000000000001","friendly_name":"orders/g1","date_created":"Mon, 3 Jun 2024 22:50:08 +0000","secret":"x","policy":`
	for answer, want := range map[string]keyturn.Kind{
		made + `null}`:                      keyturn.Unavailable, // a Standard key
		made + `{"allow":["/a","/b"]}}`:     keyturn.Unavailable,
		made + `{"allow":["/a"]}}`:          "",
		`{"sid":"..","secret":"x"}`:         keyturn.Unavailable,
		strings.Replace(made, "Mon", "", 1): keyturn.Unavailable,
	} {
		w.faults.Set(says(201, answer))
		if got := mint("orders/g1", "/a"); got != want {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}

// TestRevokeIsCareful checks that an answer of somebody else's is no dead key,
// and that the administrator's own key stays.
func TestRevokeIsCareful(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.mint(t, fake.Draft{Label: "orders/g1"})
	w.faults.Set(says(404, "<html>no such page</html>"))
	if err := w.p.Revoke(t.Context(), "", k.ID); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("a proxy's 404: %v, want unavailable", err)
	}
	w.faults.Set()
	w.admin = providers.Credential{ID: k.ID, Secret: keyturn.NewSecret(k.Secret)}
	w.l.SetAdmin(fake.Admin{Name: "main key", ID: k.ID, Secret: k.Secret})
	if err := w.p.Revoke(t.Context(), "", k.ID); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("the administrator's own key: %v, want invalid", err)
	}
	if n := len(w.l.Live("")); n != 1 {
		t.Errorf("%d keys live, want 1", n)
	}
}

// TestListTrustsNoAddress checks what is made of the address of the next page.
func TestListTrustsNoAddress(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]keyturn.Kind{
		`null`: "",
		`"https://elsewhere.test/v1/Keys?AccountSid=AC1&Page=1&PageToken=100"`: "",
		`"https://iam.twilio.com/v1/Keys"`:                                     keyturn.Unavailable, // no position
		`"://"`:                                                                keyturn.Unavailable,
	} {
		w := newWorld(t)
		first := says(200, `{"keys":[{"sid":"SK00000000000000000000000000000001"}],"meta":{"next_page_url":`+next+`}}`)
		first.Times = 1
		w.faults.Set(first)
		n, err := w.list(t, "")
		if keyturn.KindOf(err) != want || n != 1 {
			t.Errorf("%s: %d keys, error %v, want one key and %q", next, n, err, want)
		}
	}
	w := newWorld(t)
	w.faults.Set(says(200, `{"keys":[],"meta":{"next_page_url":"https://iam.twilio.com/v1/Keys?Page=1"}}`))
	if _, err := w.list(t, ""); keyturn.KindOf(err) != keyturn.Unavailable || len(w.requests()) != 2 {
		t.Errorf("a page that leads to itself: %v, want unavailable after two requests", err)
	}
}

// TestCheckPermissions checks the three kinds of administrator.
func TestCheckPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	standard := w.mint(t, fake.Draft{Label: "not a Main key"})
	for _, c := range []struct {
		what     string
		admin    providers.Credential
		granted  bool
		kind     keyturn.Kind
		requests int
	}{
		{"the Auth Token", w.admin, true, "", 1},
		{"a Standard key", providers.Credential{ID: standard.ID, Secret: keyturn.NewSecret(standard.Secret)}, false, "", 2},
		{"an unknown key", providers.Credential{ID: "SK00000000000000000000000000000001", Secret: keyturn.NewSecret("x")}, false, keyturn.Denied, 2},
	} {
		w.admin = c.admin
		got, err := w.p.CheckPermissions(t.Context(), "")
		if keyturn.KindOf(err) != c.kind || err == nil && (len(got) != 1 || got[0].Granted != c.granted) {
			t.Errorf("%s: %+v, error %v", c.what, got, err)
		}
		if n := len(w.requests()); n != c.requests {
			t.Errorf("%s: %d requests, want %d", c.what, n, c.requests)
		}
	}
}
