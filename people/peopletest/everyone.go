package peopletest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pages are so many persons that they take more than two pages of pageSize.
const (
	pageSize = 2
	pages    = 7
)

// everyone asks whether every page is read, and each person told once.
func everyone(t testing.TB, w World) {
	r := w.start(t, pageSize)
	want := r.crowd(pages)
	last := want[len(want)-1] // who may not sign in
	if w.NoInactives {
		want = want[:len(want)-1]
	}
	var got []string
	for p, err := range r.Everyone(r.ctx) {
		if err != nil {
			t.Fatalf("Everyone: %v", err)
		}
		if p.ID == "" || p.Name == "" || p.Active == (p.Email == last) {
			t.Errorf("Everyone yields %+v", p)
		}
		got = append(got, p.Email)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Everyone (-want +got):\n%s", diff)
	}
}

// everyoneStops asks whether pages are read only as the caller keeps going.
func everyoneStops(t testing.TB, w World) {
	r := w.start(t, pageSize)
	r.crowd(pages)
	for range r.Everyone(r.ctx) {
	}
	all := len(r.requests.take())
	for _, err := range r.Everyone(r.ctx) {
		if err != nil {
			t.Fatalf("Everyone: %v", err)
		}
		break
	}
	if n := len(r.requests.take()); n > all-2 {
		t.Errorf("one person took %d requests, all take %d", n, all)
	}
}

// everyoneFails refuses each page in turn. An error must be told, and end it:
// a listing that looks whole and is not makes leavers of everybody on the rest.
func everyoneFails(t testing.TB, w World) {
	r := w.start(t, pageSize)
	r.crowd(pages)
	failed := 0
	for n := range pages {
		r.faults.Set(fault(503, n))
		persons, errs := r.count()
		if len(errs) > 1 {
			t.Errorf("Everyone went on after an error: %v", errs)
		}
		for _, err := range errs {
			r.want(t, "Everyone with a page refused", err, w.expected("Everyone", 503)...)
			failed++
		}
		if len(errs) == 0 && persons < pages-1 {
			t.Errorf("Everyone yielded %d of %d persons and no error", persons, pages)
		}
	}
	if failed < 3 {
		t.Errorf("only %d of at least 3 refused pages were told", failed)
	}
}

// count is how many persons Everyone yields, and which errors.
func (r *rig) count() (persons int, errs []error) {
	for p, err := range r.Everyone(r.ctx) {
		switch {
		case err != nil:
			errs = append(errs, err)
		case p.ID != "":
			persons++
		}
	}
	return persons, errs
}
