package dispatch

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// Facts are what a template may say of one notice. Every text is one line
// without control characters.
type Facts struct {
	What      string // a word of registry.Event, such as asked or completed
	Key       string
	Purpose   string
	Team      string // owner team
	Person    string // owner
	Provider  string
	Account   string
	Operation string    // the one under way now: issue, rotate, revoke; may be empty
	Step      string    // what a person is asked for: supply, end, end_new; may be empty
	Ticket    string    // the address of its ticket; may be empty
	Due       string    // a date: of the step, else when the key is next due; may be empty
	At        time.Time // when it happened, in the zone of the quiet hours
	Reason    string    // may be empty
	Detail    string    // may be empty
	Urgent    bool
	Retired   bool   // the key was ended for good
	Audience  string // why they get it: owner, team, security
	Instead   bool   // the team is told because the owner cannot be reached
}

// facts reads a notice. What the registry knows of the key by now is all that
// makes it say something else tomorrow.
func (d *Dispatcher) facts(n *registry.Notice, instead bool) Facts {
	k := &n.Key
	f := Facts{
		What: clean(n.Event.What), Key: clean(string(n.Event.Key)), Purpose: clean(k.Purpose),
		Team: clean(k.Owner.Team), Person: clean(k.Owner.Person),
		Provider: clean(k.Scope.Provider), Account: clean(k.Scope.Account),
		At: n.Event.At.In(d.quiet.zone), Reason: clean(n.Event.Reason), Detail: clean(n.Event.Detail),
		Urgent: n.Urgent, Audience: string(n.To), Instead: instead,
		// A key that was retired later is not what an older event is about.
		Retired: !k.Retired.IsZero() && !n.Event.At.Before(k.Retired.Add(-time.Minute)),
	}
	due := k.Due()
	if i := k.Intent; i != nil {
		f.Operation = clean(string(i.Operation))
		if m := i.Manual; m != nil {
			f.Step, f.Ticket, due = clean(string(m.Step)), link(m.Ticket), m.Due
		}
	}
	if !due.IsZero() {
		f.Due = due.In(d.quiet.zone).Format(time.DateOnly)
	}
	return f
}

func link(t keyturn.TicketRef) string {
	if u, err := url.Parse(t.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return clean(t.URL)
}

// longest is how many characters of one text are said.
const longest = 500

// clean makes one line of a text: no control characters, no separators that
// some readers take for line ends, and none that turn the direction of writing,
// which can make a text look like another.
func clean(s string) string {
	gap := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), gap), " ")
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest-1]) + "…"
	}
	return s
}
