package peopletest

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// endSessions asks whether a person is signed out everywhere, nobody else is,
// and doing it again is no error.
func endSessions(t testing.TB, w World) {
	r := w.start(t, pageSize)
	ender := r.ender(t)
	ada, grace := r.staff()
	for range pages {
		r.fake.SignIn(ada)
		r.fake.SignIn(grace)
	}
	before := r.fake.Open(grace)
	p := r.person(t, adaEmail)
	ended, err := ender.EndSessions(r.ctx, p)
	r.want(t, "EndSessions", err, "")
	if n := r.fake.Open(ada); n != 0 || len(ended) == 0 {
		t.Errorf("%d sessions are left open; it says it ended %q", n, ended)
	}
	for _, what := range ended {
		r.quiet(t, "what was ended", what)
	}
	if n := r.fake.Open(grace); n != before {
		t.Errorf("somebody else has %d sessions, want the %d they had", n, before)
	}
	_, err = ender.EndSessions(r.ctx, p)
	r.want(t, "EndSessions again", err, "")
}

// endSessionsAfterLostAnswer loses the answer to each request in turn. It must
// be told, and trying again must end the rest.
func endSessionsAfterLostAnswer(t testing.TB, w World) {
	for n := range 6 {
		r := w.start(t, 0)
		ender := r.ender(t)
		ada, _ := r.staff()
		p := r.person(t, adaEmail) // the directory is signed in now
		r.fake.SignIn(ada)
		r.fake.SignIn(ada)
		r.requests.take()
		r.faults.Set(fake.Rule{Drop: fake.DropAfter, Skip: n, Times: 1})
		_, err := ender.EndSessions(r.ctx, p)
		if len(r.requests.take()) <= n {
			r.want(t, "EndSessions", err, "")
			return
		}
		r.want(t, "EndSessions with an answer lost", err, keyturn.Unavailable)
		_, err = ender.EndSessions(r.ctx, p)
		r.want(t, "EndSessions after a lost answer", err, "")
		if left := r.fake.Open(ada); left != 0 {
			t.Errorf("%d sessions are left open after answer %d was lost and it was done again", left, n+1)
		}
	}
}

// endSessionsOfTheGone asks whether somebody who is gone has nothing to end.
func endSessionsOfTheGone(t testing.TB, w World) {
	r := w.start(t, 0)
	ender := r.ender(t)
	ada, _ := r.staff()
	r.fake.SignIn(ada)
	p := r.person(t, adaEmail)
	r.fake.Delete(ada)
	p.Active = false
	_, err := ender.EndSessions(r.ctx, p)
	r.want(t, "EndSessions of the gone", err, "")
}
