package ticketstest

import (
	"cmp"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
)

// check asks whether Check passes where all is well, and leaves no trace.
func check(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	before := r.held(t, id)
	r.want(t, "Check", r.Check(r.ctx), "")
	r.wantTickets(t, 1)
	if after := r.held(t, id); len(after.Comments) != 0 || after.State != before.State || after.Body != before.Body {
		t.Errorf("Check changed a ticket: %+v, before %+v", after, before)
	}
}

// checkWrongProject asks whether Check finds a project that does not exist and
// names the setting.
func checkWrongProject(t testing.TB, h Harness) {
	r := h.start(t, 0)
	err := r.another(t, h.WrongProject, "").Check(r.ctx)
	r.want(t, "Check of a wrong project", err, keyturn.NotFound, keyturn.Denied, keyturn.Invalid)
	wantMend(t, "Check of a wrong project", err, cmp.Or(h.ProjectSetting, "project"))
}

// checkRefusedCredential asks whether Check finds a credential the vendor does
// not know and names the setting.
func checkRefusedCredential(t testing.TB, h Harness) {
	r := h.start(t, 0)
	r.vault.spoil()
	err := r.Check(r.ctx)
	r.want(t, "Check with a refused credential", err, keyturn.Denied)
	wantMend(t, "Check with a refused credential", err, cmp.Or(h.TokenSetting, "token"))
}

// wantMend fails t unless an error names the setting to mend.
func wantMend(t testing.TB, what string, err error, setting string) {
	t.Helper()
	if err != nil && !strings.Contains(err.Error(), setting) {
		t.Errorf("%s: %q does not name the setting %s", what, err, setting)
	}
}
