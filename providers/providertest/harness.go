// Package providertest is the conformance suite every provider runs. A
// provider's folder supplies a fake of its API over a [fake.Ledger]; the suite
// supplies the server, the faults and the questions. Each question is
// something a rotation relies on.
package providertest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// A Harness is what a provider's test hands to [Run]. Factory, Config and
// Fake are needed; everything else is for vendors that differ.
type Harness struct {
	Factory providers.Factory
	// Config is the provider's settings as JSON.
	Config string
	// Fake serves the vendor's API over l. It should refuse administrator
	// credentials the ledger does not know: the suite makes one for every
	// path the provider reads, names it by the last element of the path, and
	// expects that name as who did it in the ledger's log.
	Fake func(l *fake.Ledger) http.Handler
	// Refuse words an error as the vendor does. The default is a JSON body
	// and Retry-After.
	Refuse fake.Refusal
	// Lacks lists the capabilities (providers.CanMint and its sisters) this
	// API does not offer, so that losing one by accident fails the test.
	Lacks []string
	// Unsupported lists the capabilities the provider has, but not for
	// Principal or not under Config: calling one must be an Unsupported error
	// and nothing else.
	Unsupported []string
	// Principal makes principals from numbers, "user-%d", where the vendor
	// has such a thing. Without a % it is the only one. Empty means that there
	// is none.
	Principal string
	// Account is the account the provider is opened for. Default "acct-1".
	Account string
	// NoRetryAfter says that the vendor does not tell how long to wait.
	NoRetryAfter bool
	// Credentials are administrator credentials by path, for vendors that
	// want a special form. The suite makes up the others.
	Credentials map[string]providers.Credential
	// Auth recognises requests that only fetch an access token. They are not
	// counted, and are broken apart from the others. It may read the body.
	Auth func(*http.Request) bool
	// Expect overrules what kind of error an answer must become, by call and
	// status: {"Verify 403": ""} says that a key that may not is alive. "Verify
	// broken" stands for an answer that is not the documented one, and "List
	// {}" and "Uses {}" for one that does not mention the list, as some vendors
	// word an empty one. {"Identify 403": keyturn.NotFound} is for an Identify that
	// shows the vendor the value itself.
	Expect map[string]keyturn.Kind
	// Requests is how many requests a call may need, where the vendor's API
	// takes more than one for it: {"Identify": 2}. None may be made twice.
	Requests map[string]int
	// Permissions are given to Mint where it passes them on to the vendor;
	// the ledger must then have them.
	Permissions []string
	// Expires says that the vendor ends a key by itself when Mint asks so.
	Expires bool
	// Did is an API in the words of the vendor's audit log, as Use.What has it. The
	// suite puts uses of it into the ledger. Default "keys:read".
	Did string
	// Unsaid lists what the audit log does not say of a use: UnsaidFrom, UnsaidAgent.
	Unsaid []string
	// Public is for values the provider makes itself: it turns one into what
	// the vendor is given of it, which is what the ledger then holds as the
	// key's Secret.
	Public func(value string) string
}

// What an audit log may leave out.
const (
	UnsaidFrom  = "from"
	UnsaidAgent = "agent"
)

// Run asks a provider every question that its API can answer.
func Run(t *testing.T, h Harness) {
	for _, q := range questions() {
		if !q.applies(h) {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			q.ask(t, h)
		})
	}
}

// A question is one property of a provider.
type question struct {
	name  string
	needs []string // capabilities without which it cannot be asked
	ask   func(t testing.TB, h Harness)
}

// applies reports whether h offers what the question needs. A capability that
// is neither offered nor in Lacks fails the question Info.
func (q question) applies(h Harness) bool {
	return !slices.ContainsFunc(q.needs, func(c string) bool {
		return slices.Contains(h.Lacks, c) || slices.Contains(h.Unsupported, c)
	})
}

func questions() []question {
	const mint, list, verify, suspend, revoke, lastUsed, uses = providers.CanMint, providers.CanList, providers.CanVerify,
		providers.CanSuspend, providers.CanRevoke, providers.CanLastUsed, providers.CanReadUses
	needs := func(c ...string) []string { return c }
	return []question{
		{"Info", nil, info},
		{"Settings", nil, settings},
		{"MintThenVerify", needs(mint, verify), mintThenVerify},
		{"MintIsRecorded", needs(mint), mintIsRecorded},
		{"Slots", needs(mint), slots},
		{"SuspendAndResume", needs(suspend), suspendAndResume},
		{"RevokeTwice", needs(revoke), revokeTwice},
		{"RevokedIsRefused", needs(revoke, verify), revokedIsRefused},
		{"LastUsed", needs(lastUsed), lastUsedFollowsUse},
		{"Settles", needs(mint, verify), settles},
		{"Identify", needs(providers.CanIdentify), identify},
		{"RevokeValue", needs(providers.CanRevokeValue), revokeValue},
		{"Permissions", needs(providers.CanCheckPermissions), permissions},
		{"Uses", needs(uses), usesOfOneKey},
		{"UsesFollowPages", needs(uses), usesFollowPages},
		{"UsesStopEarly", needs(uses), usesStopEarly},
		{"UsesFailMidway", needs(uses), usesFailMidway},
		{"Locate", needs(providers.CanLocate), locate},
		{"Unsupported", nil, unsupported},
		{"ListFollowsPages", needs(list), listFollowsPages},
		{"ListTellsTheTruth", needs(list), listTellsTheTruth},
		{"ListStopsEarly", needs(list), listStopsEarly},
		{"ListFailsMidway", needs(list), listFailsMidway},
		{"Principals", nil, principals},
		{"LostMint", needs(mint, list, revoke), lostMint},
		{"NoAnswer", nil, noAnswer},
		{"Statuses", nil, statuses},
		{"AuthStatuses", nil, authStatuses},
		{"OneRequest", nil, oneRequest},
		{"Cancelled", nil, cancelled},
		{"BrokenAnswers", nil, brokenAnswers},
		{"HugeAnswers", nil, hugeAnswers},
		{"Redirects", nil, redirects},
		{"UnknownKey", nil, unknownKey},
		{"StrangeIDs", needs(revoke), strangeIDs},
		{"CredentialFails", nil, credentialFails},
		{"CredentialRotates", nil, credentialRotates},
		{"Concurrent", needs(mint), concurrent},
	}
}
