// Package ticketstest is the conformance suite every tracker runs. A tracker's
// folder supplies a fake that keeps tickets and speaks the vendor's wire
// format; the suite supplies the server, the faults and the questions. Each
// question is something a rotation by hand relies on.
package ticketstest

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// A Harness is what a tracker's test hands to [Run]. The first four are needed;
// everything else is for vendors that differ.
type Harness struct {
	Factory tickets.Factory
	// Config is the tracker's settings as JSON. The credential it names may be
	// at any path: the suite makes one up.
	Config string
	// WrongProject is Config with a project that the fake does not have.
	WrongProject string
	// Fake makes a tracker without tickets.
	Fake func(World) Fake
	// Refuse words an error as the vendor does. The default is a JSON body and
	// Retry-After.
	Refuse fake.Refusal
	// NoRetryAfter says that the vendor does not tell how long to wait.
	NoRetryAfter bool
	// Prefix starts every credential, for vendors that want a special form.
	Prefix string
	// ProjectSetting and TokenSetting are the settings that Check must name when
	// the project or the credential is wrong. Default "project" and "token".
	ProjectSetting, TokenSetting string
	// Expect overrules what kind of error a refusal must become, by method and
	// status: {"Open 404": keyturn.Denied}.
	Expect map[string]keyturn.Kind
	// Requests overrules how many requests a method may make, on a tracker whose
	// listings take one page: {"Open": 4}.
	Requests map[string]int
	// Priority says that the tracker has one, so that Urgent must arrive.
	Priority bool
	// Racy says that the vendor cannot keep two workers that open the same Key
	// at the same moment from opening two tickets. One worker still must not.
	Racy bool
	// Signature is the header of a delivery that carries the signature.
	Signature string
	// Fresh says that the vendor signs the time of a delivery: one that is ten
	// minutes off must be Denied.
	Fresh bool
}

// Run asks a tracker every question.
func Run(t *testing.T, h Harness) {
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			q.ask(t, h)
		})
	}
}

// A question is one property of a tracker.
type question struct {
	name string
	ask  func(t testing.TB, h Harness)
}

func questions() []question {
	return []question{
		{"Settings", settings},
		{"OpenTwice", openTwice},
		{"OpenAfterLostAnswer", openAfterLostAnswer},
		{"OpenAtOnce", openAtOnce},
		{"OpenAfterClosed", openAfterClosed},
		{"OpenOnLaterPage", openOnLaterPage},
		{"KeysDiffer", keysDiffer},
		{"Due", due},
		{"Urgent", urgent},
		{"StateFollows", stateFollows},
		{"SetTwice", setTwice},
		{"SetAfterLostAnswer", setAfterLostAnswer},
		{"Postpone", postpone},
		{"PostponeAfterLostAnswer", postponeAfterLostAnswer},
		{"Deleted", deleted},
		{"StrangeIDs", strangeIDs},
		{"CommentTwice", commentTwice},
		{"CommentAfterLostAnswer", commentAfterLostAnswer},
		{"CommentOnLaterPage", commentOnLaterPage},
		{"Title", titleArrives},
		{"Body", bodyArrives},
		{"CommentText", commentArrives},
		{"Check", check},
		{"CheckWrongProject", checkWrongProject},
		{"CheckRefusedCredential", checkRefusedCredential},
		{"Statuses", statuses},
		{"NoAnswer", noAnswer},
		{"Requests", requests},
		{"StopsAtRefusal", stopsAtRefusal},
		{"Cancelled", cancelled},
		{"BrokenAnswers", brokenAnswers},
		{"HugeAnswers", hugeAnswers},
		{"Redirects", redirects},
		{"CredentialFails", credentialFails},
		{"CredentialRotates", credentialRotates},
		{"Hear", hear},
		{"HearResent", hearResent},
		{"HearUnrelated", hearUnrelated},
		{"HearForged", hearForged},
		{"HearStale", hearStale},
		{"HearMalformed", hearMalformed},
		{"HearWithoutSecret", hearWithoutSecret},
		{"HearHuge", hearHuge},
	}
}
