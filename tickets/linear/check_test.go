package linear_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// TestCheckNamesTheMend checks that what the settings name and the workspace
// does not have is found, by Check and by Open, and named.
func TestCheckNamesTheMend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	for setting, words := range map[string][]string{
		`"labels": ["rotation", "keys"]`:                        {"labels", `"keys"`},
		`"labels": ["frontend"]`:                                {"labels", `"frontend"`}, // another team's
		`"labels": ["Kind"]`:                                    {"labels", "group"},
		`"assignee": "eve@acme.example"`:                        {"assignee"},
		`"assignee": "bob@acme.example"`:                        {"assignee"}, // no longer active
		`"assignee": "5b5c2471-d25c-4b70-81bf-5b2707f6553f"`:    {"assignee"},
		`"project": "Nothing"`:                                  {"project", "Nothing"},
		`"project": "Twice"`:                                    {"project", "UUID"},
		`"project": "Website"`:                                  {"project", "OPS"},
		`"open_state": "Done"`:                                  {"open_state", "Done"},
		`"open_state": "Nowhere"`:                               {"open_state", "Nowhere"},
		`"done_state": "In Progress"`:                           {"done_state", "In Progress"},
		`"done_state": "Done", "labels": ["Rotation", "nope!"]`: {"labels", `"nope!"`},
	} {
		tracker := w.reset(t, with(setting))
		wantKind(t, "Check with "+setting, tracker.Check(t.Context()), keyturn.Invalid, words...)
		if strings.Contains(setting, `"done_state": "In`) {
			continue // where tickets end is nothing to Open
		}
		_, err := tracker.Open(t.Context(), ticket("rotate/run-1"))
		wantKind(t, "Open with "+setting, err, keyturn.Invalid, words...)
	}
	if n := len(w.linear.Issues()); n != 0 {
		t.Errorf("%d issues were opened", n)
	}
	for _, setting := range []string{
		`"assignee": "` + w.linear.UserID("ann@acme.example") + `"`,
		`"assignee": "ann@acme.example", "project": "Key hygiene", "labels": ["rotation", "CREDENTIALS"], "open_state": "Todo", "done_state": "Canceled"`,
	} {
		if err := w.reset(t, with(setting)).Check(t.Context()); err != nil {
			t.Errorf("Check with %s: %v", setting, err)
		}
	}
}

// TestCheckOfHalfAnAnswer checks that what an answer leaves out is not taken for
// what the workspace does not have.
func TestCheckOfHalfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with(`"labels": ["rotation"], "assignee": "ann@acme.example", "project": "Key hygiene"`), linearfake.Options{})
	const viewer, node = `"viewer": {"id": "u"}`, `{"nodes": [{"id": "5b5c2471-d25c-4b70-81bf-5b2707f6553f", "name": "rotation"}]}`
	for _, data := range []string{
		`"teams": ` + node, viewer, viewer + `, "teams": {}`, viewer + `, "teams": {"nodes": [{"id": "OPS"}]}`,
		viewer + `, "teams": ` + node,
		viewer + `, "teams": ` + node + `, "issueLabels": ` + node,
		viewer + `, "teams": ` + node + `, "issueLabels": ` + node + `, "users": ` + node,
	} {
		w.faults.Set(answering("issueLabels", 200, `{"data": {`+data+`}}`))
		wantKind(t, "Check of "+data, w.Check(t.Context()), keyturn.Unavailable)
	}
}

// TestAuthMixedUp checks that a token shown the other way is refused with words
// that help.
func TestAuthMixedUp(t *testing.T) {
	t.Parallel()
	wantKind(t, "an API key as Bearer", newWorld(t, with(`"auth": "oauth"`), linearfake.Options{}).Check(t.Context()), keyturn.Denied, "auth")
	wantKind(t, "an access token without", newWorld(t, config, linearfake.Options{OAuth: true}).Check(t.Context()), keyturn.Denied, "auth")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token": {"path": "a"}`
	for settings, want := range map[string]string{
		`{"team": "OPS", ` + token + `}`: "",
		`{"team": "5b5c2471-d25c-4b70-81bf-5b2707f6553f", "token": {"store": "vault", "path": "a"}}`: "",
		`{"team": "OPS", ` + token + `, "auth": "oauth", "priority": "high", "assignee": "a@b.c"}`:   "",
		`{` + token + `}`: "team",
		`{"team": "Operations team", ` + token + `}`: "team",
		`{"team": "OPS"}`:                                                     "token",
		`{"team": "OPS", "token": "lin_api_x"}`:                               "token",
		`{"team": "OPS", ` + token + `, "auth": "bearer"}`:                    "auth",
		`{"team": "OPS", ` + token + `, "labels": ["a", " "]}`:                "labels",
		`{"team": "OPS", ` + token + `, "labels": "a"}`:                       "labels",
		`{"team": "OPS", ` + token + `, "labels": [` + many(`"a"`, 21) + `]}`: "labels",
		`{"team": "OPS", ` + token + `, "assignee": "ann"}`:                   "assignee",
		`{"team": "OPS", ` + token + `, "priority": "urgent"}`:                "priority",
		`{"team": "OPS", ` + token + `, "state": "Todo"}`:                     "state",
	} {
		_, err := linear.Factory.New(tickets.Env{Decode: decode(settings)})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", settings, err, want)
		}
	}
}

// many is n times s, as a list has it.
func many(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
