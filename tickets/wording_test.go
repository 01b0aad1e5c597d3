package tickets_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn/tickets"
)

func facts() tickets.Facts {
	return tickets.Facts{
		Operation: "rotate", Step: "supply", Key: "partner-portal-001", Purpose: "Orders", Team: "orders", Person: "alice@example.com",
		By: "orders-oncall", Provider: "Partner portal", Account: "acme", Permissions: []string{"orders:read", "stock:read"},
		Docs: "https://wiki.example/portal", Store: "default", Path: "secret/partner/portal", Consumers: []string{"service orders"},
		Old: []string{"k1"}, Due: "2026-12-01", Reason: "scheduled", Tested: true,
	}
}

// TestTicketHasWhatTheTemplateOfTheFieldHas: the fields and steps that tickets
// for manual rotations are expected to have.
func TestTicketHasWhatTheTemplateOfTheFieldHas(t *testing.T) {
	t.Parallel()
	w, err := tickets.LoadWording("")
	if err != nil {
		t.Fatal(err)
	}
	title, body, err := w.Ticket(facts())
	if err != nil || title != "Rotate partner-portal-001 (due 2026-12-01)" {
		t.Errorf("title %q, %v", title, err)
	}
	for _, want := range []string{
		"due for rotation by 2026-12-01", "alice@example.com", "orders", "Partner portal", "secret/partner/portal", "orders:read, stock:read",
		"- [ ] Mint a new key", "keyturn manual supply partner-portal-001", "synthetic test", "revoke it", "last_rotated",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("it does not say %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "ends the old key as soon as") {
		t.Error("it says that the issuer replaces keys, and this one does not")
	}
	f := facts()
	f.Replaces = true
	if _, body, _ = w.Ticket(f); !strings.Contains(body, "ends the old key as soon as") || strings.Contains(body, "Leave the old key alone") {
		t.Errorf("it does not warn of an issuer that replaces keys:\n%s", body)
	}
}

// TestEntriesCannotMarkUp: what an entry says is shown as it is. It neither
// calls anybody nor becomes a list, a link or a heading.
func TestEntriesCannotMarkUp(t *testing.T) {
	t.Parallel()
	w, err := tickets.LoadWording("")
	if err != nil {
		t.Fatal(err)
	}
	f := facts()
	f.Purpose = "a `b` @everyone\n# Heading\n- [x] done"
	_, body, err := w.Ticket(f)
	if err != nil || !strings.Contains(body, "- Purpose: `a 'b' @everyone # Heading - [x] done`\n") {
		t.Errorf("%v\n%s", err, body)
	}
}

func TestStepsSayWhatToDoNow(t *testing.T) {
	t.Parallel()
	w, err := tickets.LoadWording("")
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[string]string{"supply": "make the new key", "end": "revoke the old key** `k1`", "end_new": "revoke the new key** `k2`"} {
		f := facts()
		f.Step, f.New = step, "k2"
		if text, err := w.Step(f); err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", step, err, text)
		}
	}
}
