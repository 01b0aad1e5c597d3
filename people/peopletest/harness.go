// Package peopletest is the conformance suite of directories that are asked over
// HTTP. A directory's folder supplies a fake that keeps persons and speaks the
// vendor's wire format; the suite supplies the server, the faults and the
// questions. Each question is something an offboarding relies on.
package peopletest

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/providers/fake"
)

// A World is what a directory's test hands to [Run]. The first three are needed;
// everything else is for vendors that differ.
type World struct {
	Factory people.Factory
	// Config is the directory's settings as JSON.
	Config string
	// Fake makes a directory without persons and teams.
	Fake func(Stage) Fake
	// Refuse words an error as the vendor does. The default is a JSON body and
	// Retry-After.
	Refuse fake.Refusal
	// NoRetryAfter says that the vendor does not tell how long to wait.
	NoRetryAfter bool
	// Expect overrules what kind of error a refusal must become, by method and
	// status: {"Team 401": keyturn.Unavailable}.
	Expect map[string]keyturn.Kind
	// TeamName writes a team's name as the directory's names are. The default
	// leaves it as it is.
	TeamName func(string) string

	// What the vendor does not have. Sessions are asked about where the directory
	// is a people.SessionEnder.
	NoAliases   bool
	NoManagers  bool
	NoTeams     bool // Team is an Unsupported error
	NoLeads     bool
	NoInactives bool // Everyone lists nobody who is not active
}

// Run asks a directory every question.
func Run(t *testing.T, w World) {
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			q.ask(t, w)
		})
	}
}

// A question is one property of a directory.
type question struct {
	name string
	ask  func(t testing.TB, w World)
}

func questions() []question {
	return []question{
		{"ByAddress", byAddress},
		{"ByAlias", byAlias},
		{"ByID", byID},
		{"Manager", manager},
		{"Unknown", unknown},
		{"StrangeNames", strangeNames},
		{"Inactive", inactive},
		{"Deleted", deleted},
		{"Everyone", everyone},
		{"EveryoneStops", everyoneStops},
		{"EveryoneFails", everyoneFails},
		{"Team", team},
		{"Leads", leads},
		{"UnknownTeam", unknownTeam},
		{"EndSessions", endSessions},
		{"EndSessionsAfterLostAnswer", endSessionsAfterLostAnswer},
		{"EndSessionsOfTheGone", endSessionsOfTheGone},
		{"Check", check},
		{"Statuses", statuses},
		{"NoAnswer", noAnswer},
		{"Cancelled", cancelled},
		{"BrokenAnswers", brokenAnswers},
		{"CredentialFails", credentialFails},
		{"HearWithoutSecret", hearWithoutSecret},
		{"HearForged", hearForged},
	}
}
