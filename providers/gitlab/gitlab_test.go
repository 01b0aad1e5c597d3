package gitlab_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gitlab"
	"github.com/keyturn/keyturn/providers/gitlab/gitlabfake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const config = `{"token": {"store": "vault", "path": "keyturn/gitlab"}, "group": ` + gitlabfake.Group + `}`

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, principal := range []string{"project/1%d", "group/1%d"} {
		t.Run(principal, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Harness{
				Factory:     gitlab.Factory,
				Config:      config,
				Fake:        gitlabfake.New,
				Refuse:      gitlabfake.Refuse,
				Lacks:       []string{providers.CanSuspend, providers.CanReadUses, providers.CanLocate},
				Principal:   principal,
				Permissions: []string{"role:reporter", "read_api", "read_repository"},
				Expect: map[string]keyturn.Kind{
					"Verify 403":   keyturn.Invalid,
					"Identify 401": keyturn.NotFound, "Identify 403": keyturn.Invalid,
					"RevokeValue 401": "", "RevokeValue 403": keyturn.Invalid,
				},
			})
		})
	}
}

// TestEnds checks the date a token is given: it must live as long as asked,
// and GitLab ends it when the date begins.
func TestEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 0)
	day := func(y int, m time.Month, d, hour int) time.Time { return time.Date(y, m, d, hour, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		asked, want time.Time
		kind        keyturn.Kind
	}{
		{time.Time{}, day(2028, time.March, 9, 0), ""}, // 365 days, of a leap year
		{day(2027, time.June, 1, 0), day(2027, time.June, 1, 0), ""},
		{day(2027, time.June, 1, 1), day(2027, time.June, 2, 0), ""},
		{now().AddDate(0, 0, 365), day(2028, time.March, 9, 0), ""}, // a day later is not allowed
		{now().AddDate(0, 0, 366), time.Time{}, keyturn.Invalid},
	} {
		m, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: project, Label: "orders/g1", Expires: c.asked})
		wantKind(t, "Mint", err, c.kind)
		if err != nil {
			continue
		}
		if k, _ := w.l.Find(m.Key.ID); !k.Expires.Equal(c.want) {
			t.Errorf("asked for %v: the token ends %v, want %v", c.asked, k.Expires, c.want)
		}
	}
}

// TestWish checks roles and scopes: what is not asked for is not given.
func TestWish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 0)
	for _, c := range []struct {
		asked, want []string
	}{
		{nil, []string{"role:guest", "read_api"}},
		{[]string{"read_registry"}, []string{"role:guest", "read_registry"}},
		{[]string{"api", "role:owner"}, []string{"role:owner", "api"}},
		{[]string{"role:owner", "role:guest"}, nil},
		{[]string{"role:king"}, nil},
	} {
		m, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: project, Label: "orders/g1", Permissions: c.asked})
		if c.want == nil {
			wantKind(t, "Mint", err, keyturn.Invalid)
			continue
		}
		wantKind(t, "Mint", err, "")
		if k, _ := w.l.Find(m.Key.ID); !slices.Equal(k.Permissions, c.want) {
			t.Errorf("asked for %q, got %q, want %q", c.asked, k.Permissions, c.want)
		}
	}
}

// TestMintRefused checks the refusals that GitLab words as 400.
func TestMintRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 0)
	for body, want := range map[string]keyturn.Kind{
		`{"message":"400 Bad request - Access token limit reached"}`:                                                   keyturn.Exhausted,
		`{"message":"400 Bad request - User does not have permission to create project access token"}`:                 keyturn.Denied,
		`{"message":"400 Bad request - Access level of the token contains permissions not held by the creating user"}`: keyturn.Denied,
		`{"error":"scopes does not have a valid value"}`:                                                               keyturn.Invalid,
	} {
		w.answer(http.StatusBadRequest, body)
		_, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: project, Label: "orders/g1"})
		wantKind(t, body, err, want)
	}
}

// TestRevokeTellsWhatIsMissing checks that only a token that is known to be
// gone passes for revoked.
func TestRevokeTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 2)
	revoke := func(principal, id string) error {
		return w.p.(providers.Revoker).Revoke(t.Context(), principal, id)
	}
	id := w.l.Live(project)[0].ID
	wantKind(t, "a project out of sight", revoke("project/43", id), keyturn.NotFound)
	wantKind(t, "a token that never was", revoke(project, "999999"), "")
	w.answer(http.StatusNotFound, "<html>no such page</html>")
	wantKind(t, "a proxy's 404", revoke(project, id), keyturn.NotFound)
	w.answer(http.StatusNotFound, `{"message":"404 Could not find project access token with token_id: 1 Not Found"}`)
	wantKind(t, "an older version's 404", revoke(project, id), "")
	w.answer(http.StatusBadRequest, `{"message":"400 Bad request - somebody cannot delete project_42_bot"}`)
	wantKind(t, "an administrator who may not", revoke(project, id), keyturn.Denied)
	if n := len(w.l.Live(project)); n != 2 {
		t.Fatalf("%d tokens live, want 2", n)
	}
	wantKind(t, "the token", revoke(project, id), "")
	wantKind(t, "the token, whose bot user is being deleted", revoke(project, id), "")
}

// TestVerifyKnowsWhichToken checks the answers that are neither yes nor no.
func TestVerifyKnowsWhichToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 2)
	live := w.l.Live(project)
	value := keyturn.NewSecret(w.l.Value(live[0].ID))
	verify := func(id string, s keyturn.Secret) error { return w.p.(providers.Verifier).Verify(t.Context(), id, s) }
	wantKind(t, "its own value", verify(live[0].ID, value), "")
	wantKind(t, "another token's value", verify(live[1].ID, value), keyturn.Invalid)
	wantKind(t, "a value with a line break", verify(live[0].ID, keyturn.NewSecret(value.Expose()+"\n")), keyturn.Invalid)
	w.answer(http.StatusUnauthorized, "<html>sign in</html>")
	wantKind(t, "a proxy's 401", verify(live[0].ID, value), keyturn.Unavailable)
	w.answer(http.StatusUnauthorized, `{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}`)
	wantKind(t, "GitLab's 401", verify(live[0].ID, value), keyturn.Denied)
	w.answer(http.StatusOK, `{"id":`+live[0].ID+`,"revoked":true,"active":false}`)
	wantKind(t, "a token said to be revoked", verify(live[0].ID, value), keyturn.Denied)
}

func TestPermissionsThatAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, 0)
	check := func(principal string) []providers.Permission {
		all, err := w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), principal)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			all[i].Need = ""
		}
		return all
	}
	w.answer(http.StatusOK, `{"id":1,"scopes":["read_api"]}`)
	if diff := cmp.Diff([]providers.Permission{{Name: "api"}, {Name: "Maintainer of project/42", Granted: true}}, check(project)); diff != "" {
		t.Errorf("with a token that may only read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]providers.Permission{{Name: "api", Granted: true}, {Name: "Owner of group/43"}}, check("group/43")); diff != "" {
		t.Errorf("for a group out of sight (-want +got):\n%s", diff)
	}
	w.faults.Set(fake.Rule{Status: http.StatusUnauthorized})
	_, err := w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), project)
	wantKind(t, "with a token that is refused", err, keyturn.Denied)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token":{"path":"a"}`
	for settings, ok := range map[string]bool{
		`{` + token + `}`: true,
		`{` + token + `,"url":"https://gitlab.example.com/gitlab/"}`: true,
		`{` + token + `,"url":"http://gitlab.example.com"}`:          false,
		`{` + token + `,"url":"gitlab.example.com"}`:                 false,
		`{` + token + `,"url":"https://me:secret@example.com"}`:      false,
		`{` + token + `,"max_days":0}`:                               false,
		`{` + token + `,"group":-1}`:                                 false,
		`{"url":"https://gitlab.example.com"}`:                       false,
	} {
		if _, err := gitlab.Factory.New(providers.Env{Decode: decode(settings)}); (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", settings, err, ok)
		}
	}
}
