package registrytest

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// matches asks Find and Count for one filter.
func matches(t *testing.T, s registry.Store, what string, f registry.Filter, want ...keyturn.KeyID) {
	t.Helper()
	diff(t, what, find(t, s, f), want)
	if n, err := s.Count(t.Context(), f); err != nil || n != len(want) {
		t.Errorf("%s: Count is %d, error %v; want %d", what, n, err, len(want))
	}
}

// filterTicket asks for the key that waits for a ticket, as a webhook does.
func filterTicket(t *testing.T, s registry.Store) {
	waiting := func(id keyturn.KeyID, ticket keyturn.TicketRef) keyturn.Key {
		key := sample(id)
		key.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate, Manual: &keyturn.Manual{Step: keyturn.SupplyValue, Ticket: ticket}}
		return key
	}
	asked := mustSave(t, s, waiting("asked", keyturn.TicketRef{Tracker: "jira", ID: "OPS-1", URL: "https://jira.example.com/OPS-1"}), "e1")
	mustSave(t, s, waiting("other tracker", keyturn.TicketRef{Tracker: "linear", ID: "OPS-1"}), "e2")
	mustSave(t, s, waiting("no tracker", keyturn.TicketRef{}), "e3")
	mustSave(t, s, sample("no intent"), "e4")
	holds := func(what, ticket string, want ...keyturn.KeyID) {
		t.Helper()
		matches(t, s, what, registry.Filter{Ticket: ticket}, want...)
	}
	holds("its ticket", "jira/OPS-1", "asked")
	holds("the same id elsewhere", "linear/OPS-1", "other tracker")
	holds("part of it", "jira/OPS")
	asked.Intent.Manual.Ticket.ID = "OPS-2"
	asked = mustSave(t, s, asked, "e5")
	holds("the ticket of before", "jira/OPS-1")
	holds("the ticket of now", "jira/OPS-2", "asked")
	asked.Intent = nil
	mustSave(t, s, asked, "e6")
	holds("the ticket of an intent that is closed", "jira/OPS-2")
}

// filterPathPrefix: what a pattern would mean is only text in a prefix.
func filterPathPrefix(t *testing.T, s registry.Store) {
	for id, path := range map[keyturn.KeyID]string{
		"a": "secret/payments/stripe", "b": "secret/payments/aws", "c": "secret/payments", "d": "secret/pay%ents/x", "e": "secret/pay_ents",
		"f": `secret\pay`, "g": "SECRET/payments", "h": "sécret/été", "i": "",
	} {
		mustSave(t, s, at(id, "default", path), "e/"+string(id))
	}
	mustSave(t, s, at("j", "other", "secret/payments/aws"), "e/j")
	for prefix, want := range map[string][]keyturn.KeyID{
		"secret/payments/":          {"a", "b", "j"},
		"secret/payments":           {"a", "b", "c", "j"},
		"secret/payments/stripe":    {"a"},
		"secret/payments/stripe/x":  nil,
		"payments":                  nil,
		"secret/pay%ents":           {"d"},
		"secret/pay_":               {"e"},
		"secret/pay":                {"a", "b", "c", "d", "e", "j"},
		`secret\`:                   {"f"},
		"S":                         {"g"},
		"sé":                        {"h"},
		"secret/payments/' OR ''='": nil,
	} {
		matches(t, s, prefix, registry.Filter{PathPrefix: prefix}, want...)
	}
	matches(t, s, "with another", registry.Filter{PathPrefix: "secret/payments/", StoredIn: "other"}, "j")
}

// filterStoredIn finds what is kept in a store, and what a consumer keeps.
func filterStoredIn(t *testing.T, s registry.Store) {
	with := func(id keyturn.KeyID, store string, consumers ...keyturn.Consumer) {
		key := at(id, store, "secret/"+string(id))
		key.Storage.Consumers = consumers
		mustSave(t, s, key, "e/"+string(id))
	}
	with("a", "circleci")
	with("b", "default", keyturn.Consumer{Kind: "service", Name: "billing"}, keyturn.Consumer{Kind: "circleci", Name: "checkout"})
	with("c", "default", keyturn.Consumer{Kind: "kubernetes_secret", Name: "circleci", Namespace: "ci"})
	with("d", "default", keyturn.Consumer{Kind: "service", Name: "circleci-orb", Namespace: "circleci"})
	with("e", "circleci-old")
	for name, want := range map[string][]keyturn.KeyID{
		"circleci": {"a", "b", "c"}, "default": {"b", "c", "d"}, "service": {"b", "d"}, "billing": {"b"}, "circle": nil, "ci": nil, "CircleCI": nil, `%`: nil,
	} {
		matches(t, s, name, registry.Filter{StoredIn: name}, want...)
	}
	matches(t, s, "and a page of it", registry.Filter{StoredIn: "circleci", After: "a", Limit: 1}, "b")
}

// filterPermission finds keys that may do one thing, whatever else they may do.
func filterPermission(t *testing.T, s registry.Store) {
	for id, permissions := range map[keyturn.KeyID][]string{
		"a": {"s3:GetObject"}, "b": {"s3:PutObject", "s3:GetObject"}, "c": {"s3:GetObjectAcl"}, "d": nil, "e": {"s3:*"}, "f": {`"quoted"`},
	} {
		key := sample(id)
		key.Scope.Permissions = permissions
		mustSave(t, s, key, "e/"+string(id))
	}
	for permission, want := range map[string][]keyturn.KeyID{
		"s3:GetObject": {"a", "b"}, "s3:*": {"e"}, "s3:": nil, "S3:GETOBJECT": nil, `"quoted"`: {"f"},
	} {
		matches(t, s, permission, registry.Filter{Permission: permission}, want...)
	}
	matches(t, s, "after", registry.Filter{Permission: "s3:GetObject", After: "a"}, "b")
}
