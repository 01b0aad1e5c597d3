package secretstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

func stageTwice(s *suite) {
	first, second := s.draft(1), s.draft(1)
	second.Value, second.RemoteID, second.Created = keyturn.NewSecret(canary+"other"), "rk_other", second.Created.Add(time.Hour)
	v := s.stage(first)
	got, err := s.store.Stage(s.Context(), s.ref, second)
	s.hear(got, err)
	if err != nil {
		s.Fatalf("Stage again: %v", err)
	}
	s.same("Stage again", version(first), got)
	s.reads(v, first)

	s.promote("", v)
	if got, err = s.store.Stage(s.Context(), s.ref, second); err != nil {
		s.Fatalf("Stage after Promote: %v", err)
	}
	s.same("Stage after Promote", version(first), got)
	s.reads(v, first)
	s.current(first)
}

func find(s *suite) {
	d := s.draft(7)
	_, err := s.store.Find(s.Context(), s.ref, d.Label)
	s.kind("Find before Stage", err, keyturn.NotFound)
	v := s.stage(d)
	check := func(when string) {
		got, err := s.store.Find(s.Context(), s.ref, d.Label)
		s.hear(got, err)
		if err != nil {
			s.Fatalf("Find %s: %v", when, err)
		}
		s.same("Find "+when, version(d), got)
	}
	check("after Stage")
	s.promote("", v)
	check("after Promote")
	_, err = s.store.Find(s.Context(), s.ref, keyturn.Label("payments-stripe", 70))
	s.kind("Find another label", err, keyturn.NotFound)
}

func stagedIsNotCurrent(s *suite) {
	one, two := s.draft(1), s.draft(2)
	v1 := s.stage(one)
	s.reads(v1, one)
	s.current(secrets.Draft{})
	s.promote("", v1)
	s.reads(s.stage(two), two)
	s.current(one)
	_, err := s.store.Read(s.Context(), s.ref, "payments-stripe/g99")
	s.kind("Read of a version that is not there", err, keyturn.NotFound)
}

func promoteFirst(s *suite) {
	d := s.draft(1)
	v := s.stage(d)
	s.promote("", v)
	s.current(d)
	s.reads(v, d)
}

func promoteWrong(s *suite) {
	one, two, three := s.draft(1), s.draft(2), s.draft(3)
	v1, v2, v3 := s.stage(one), s.stage(two), s.stage(three)
	s.kind("Promote from what never was current", s.store.Promote(s.Context(), s.ref, v1, v2), keyturn.Conflict)
	s.current(secrets.Draft{})
	s.promote("", v1)
	s.kind("Promote from nothing", s.store.Promote(s.Context(), s.ref, "", v2), keyturn.Conflict)
	s.kind("Promote from another version", s.store.Promote(s.Context(), s.ref, v2, v3), keyturn.Conflict)
	s.current(one)
	for v, d := range map[keyturn.SecretVersion]secrets.Draft{v1: one, v2: two, v3: three} {
		s.reads(v, d)
	}
}

func promoteMissing(s *suite) {
	one := s.draft(1)
	s.kind("Promote at an empty path", s.store.Promote(s.Context(), s.ref, "", "payments-stripe/g5"), keyturn.NotFound)
	v1 := s.stage(one)
	s.promote("", v1)
	s.kind("Promote of what was never staged", s.store.Promote(s.Context(), s.ref, v1, "payments-stripe/g5"), keyturn.NotFound)
	s.current(one)
}

func promoteAgain(s *suite) {
	one, two := s.draft(1), s.draft(2)
	v1, v2 := s.stage(one), s.stage(two)
	s.promote("", v1)
	s.promote("", v1)
	s.promote(v1, v2)
	s.promote(v1, v2)
	s.promote("", v2)
	s.current(two)
}

func rollback(s *suite) {
	one, two, three := s.draft(1), s.draft(2), s.draft(3)
	v1, v2 := s.stage(one), s.stage(two)
	s.promote("", v1)
	s.promote(v1, v2)
	s.reads(v1, one)
	s.promote(v2, v1)
	s.current(one)
	s.reads(v1, one)
	s.reads(v2, two)
	s.kind("Promote from what was rolled back", s.store.Promote(s.Context(), s.ref, v2, s.stage(three)), keyturn.Conflict)
	s.promote(v1, v2)
	s.current(two)
}

func destroy(s *suite) {
	ctx := s.Context()
	one, two, three := s.draft(1), s.draft(2), s.draft(3)
	if err := s.store.Destroy(ctx, s.ref, "payments-stripe/g1"); err != nil {
		s.Errorf("Destroy at an empty path: %v", err)
	}
	v1, v2, v3 := s.stage(one), s.stage(two), s.stage(three)
	s.promote("", v1)
	s.kind("Destroy of the current version", s.store.Destroy(ctx, s.ref, v1), keyturn.Conflict)
	s.current(one)
	s.reads(v1, one)
	s.promote(v1, v2)
	for range 2 {
		for _, v := range []keyturn.SecretVersion{v1, v3, "payments-stripe/g99"} {
			if err := s.store.Destroy(ctx, s.ref, v); err != nil {
				s.hear(err)
				s.Fatalf("Destroy(%s): %v", v, err)
			}
		}
	}
	for _, v := range []keyturn.SecretVersion{v1, v3} {
		_, err := s.store.Read(ctx, s.ref, v)
		s.kind("Read after Destroy", err, keyturn.NotFound)
		_, err = s.store.Find(ctx, s.ref, string(v))
		s.kind("Find after Destroy", err, keyturn.NotFound)
		s.kind("Promote after Destroy", s.store.Promote(ctx, s.ref, v2, v), keyturn.NotFound)
	}
	s.current(two)
	s.reads(v2, two)
}

func stageDestroyed(s *suite) {
	first, again := s.draft(1), s.draft(1)
	again.Value = keyturn.NewSecret(canary + "again")
	if err := s.store.Destroy(s.Context(), s.ref, s.stage(first)); err != nil {
		s.Fatalf("Destroy: %v", err)
	}
	s.reads(s.stage(again), again)
}

func labels(s *suite) {
	long := strings.Repeat("long-name.", 20)
	var former keyturn.SecretVersion
	drafts := map[keyturn.SecretVersion]secrets.Draft{}
	for i, label := range []string{
		"a/b/g1", "c/b/g1", "a/b~g1", "a~b/g1", "a/b/g1/g1", "g1", "A/B/G1", "a b/g1", "ключ/g1", "100%/g1", "../g1", "a?b#c/g1",
		keyturn.Label(keyturn.KeyID(long), 1), keyturn.Label(keyturn.KeyID(long), 2), keyturn.Label(keyturn.KeyID(long+"x"), 1),
	} {
		d := s.draft(i)
		d.Label = label
		d.RemoteID = fmt.Sprintf("projects/p/serviceAccounts/%s@x.example/keys/%d", long, i)
		v := s.stage(d)
		drafts[v] = d
		s.promote(former, v)
		s.current(d)
		former = v
	}
	for v, d := range drafts {
		s.reads(v, d)
	}
	none := s.draft(1)
	none.RemoteID, none.Created = "", time.Time{}
	v := s.stage(none)
	s.promote(former, v)
	s.current(none)
}

func paths(s *suite) {
	root := strings.TrimSuffix(s.ref.Path, "/stripe-live")
	drafts := map[string]secrets.Draft{}
	for i := range 30 {
		path := fmt.Sprintf("%s/%d", root, i)
		switch i {
		case 1:
			path = root + "/0/below" // beside and below another path
		case 2:
			path = root + "/0/payments-stripe"
		case 3:
			path = root + "/with space+and.dot"
		}
		d := s.draft(1)
		d.Value = keyturn.NewSecret(canary + path)
		s.ref.Path = path
		s.promote("", s.stage(d))
		drafts[path] = d
	}
	for path, d := range drafts {
		s.ref.Path = path
		s.current(d)
		s.reads(keyturn.SecretVersion(d.Label), d)
	}
}

func race(s *suite) {
	base := s.draft(1)
	v1 := s.stage(base)
	s.promote("", v1)
	const n = 8
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		v := s.stage(s.draft(i + 2))
		all.Go(func() { errs[i] = s.store.Promote(s.Context(), s.ref, v1, v) })
	}
	all.Wait()
	winner := -1
	for i, err := range errs {
		if err == nil {
			if winner >= 0 {
				s.Fatalf("both %d and %d won", winner, i)
			}
			winner = i
			continue
		}
		s.kind("Promote of a loser", err, keyturn.Conflict)
	}
	if winner < 0 {
		s.Fatal("nobody won")
	}
	s.current(s.draft(winner + 2))
}

func stageRace(s *suite) {
	const n = 8
	got := make([]secrets.Version, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		d := s.draft(1)
		d.RemoteID = fmt.Sprint("rk_", i)
		d.Value = keyturn.NewSecret(canary + d.RemoteID)
		all.Go(func() { got[i], errs[i] = s.store.Stage(s.Context(), s.ref, d) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		s.hear(err)
		s.Fatalf("Stage: %v", err)
	}
	value, err := s.store.Read(s.Context(), s.ref, got[0].Name)
	if err != nil {
		s.Fatalf("Read: %v", err)
	}
	for _, v := range got {
		s.same("Stage", got[0], v)
	}
	if value.RemoteID != got[0].RemoteID || value.Secret.Expose() != canary+value.RemoteID {
		s.Error("the value read is not the one whose id was returned")
	}
}

func cancelled(s *suite) {
	d := s.draft(1)
	v := s.stage(d)
	s.promote("", v)
	ctx := cancelledContext()
	two := s.draft(2)
	for name, err := range map[string]error{
		"Stage":   second(s.store.Stage(ctx, s.ref, two)),
		"Find":    second(s.store.Find(ctx, s.ref, d.Label)),
		"Current": second(s.store.Current(ctx, s.ref)),
		"Read":    second(s.store.Read(ctx, s.ref, v)),
		"Promote": s.store.Promote(ctx, s.ref, v, "payments-stripe/g2"),
		"Destroy": s.store.Destroy(ctx, s.ref, "payments-stripe/g2"),
	} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%s with a cancelled context: got %v, want context.Canceled", name, err)
		}
	}
	_, err := s.store.Find(s.Context(), s.ref, two.Label)
	s.kind("Find what a cancelled Stage did not stage", err, keyturn.NotFound)
	s.current(d)
}

func second[T any](_ T, err error) error { return err }

func bytes(s *suite) {
	var former keyturn.SecretVersion
	for i, value := range []string{
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n",
		"{\n  \"type\": \"service_account\",\r\n\t\"key\": \"a\\\"b\\\\c\"\n}\n",
		"pässword-鍵-🔑-\u2028-<&>-\u00a0",
		"  leading and trailing space \n\n",
		"tab\tquote\"back\\slash'$(x)`%s%%{{.}}",
		strings.Repeat("0123456789abcdef", 4096),
	} {
		d := s.draft(i)
		d.Value = keyturn.NewSecret(value + canary)
		v := s.stage(d)
		s.reads(v, d)
		s.promote(former, v)
		s.reads(v, d)
		former = v
	}
}

func climb(s *suite) {
	for _, path := range []string{"", "/", "secret/../other/x", "../x", "secret/./x", "secret//x", "/secret/x", "secret/x/", "secret/x\x00y", "secret/x\ny"} {
		s.ref.Path = path
		_, err := s.store.Stage(s.Context(), s.ref, s.draft(1))
		s.kind(fmt.Sprintf("Stage at %q", path), err, keyturn.Invalid)
		_, err = s.store.Read(s.Context(), s.ref, "payments-stripe/g1")
		s.kind(fmt.Sprintf("Read at %q", path), err, keyturn.Invalid)
	}
}

// list is for a Store that is a secrets.Lister.
func list(s *suite) {
	lister, ok := s.store.(secrets.Lister)
	if !ok {
		s.Skip("this Store cannot list")
	}
	root := strings.TrimSuffix(s.ref.Path, "/stripe-live")
	want := []string{
		root + "/a", root + "/a/below", root + "/a/below/deeper", root + "/with space+and.dot/x",
		root + "/b/" + strings.Repeat("a-long-name/", 16) + "1", root + "/b/" + strings.Repeat("a-long-name/", 16) + "2",
	}
	for _, path := range append([]string{root + "-beside/x", root}, want...) { // a folder is not below itself
		s.ref.Path = path
		s.promote("", s.stage(s.draft(1)))
		s.promote("payments-stripe/g1", s.stage(s.draft(2)))
	}
	s.ref.Path = root + "/only-staged"
	s.stage(s.draft(1))
	read := func(ctx context.Context, prefix string, most int) (paths []string, err error) {
		for path, err := range lister.List(ctx, prefix) {
			s.hear(path, err)
			if err != nil {
				return paths, err
			}
			if paths = append(paths, path); len(paths) == most {
				break
			}
		}
		slices.Sort(paths)
		return paths, nil
	}
	check := func(prefix string, most int, want ...string) {
		s.Helper()
		got, err := read(s.Context(), prefix, most)
		if err != nil {
			s.Fatalf("List(%q): %v", prefix, err)
		}
		slices.Sort(want)
		s.same(fmt.Sprintf("List(%q)", prefix), want, got)
	}
	check(root, 0, want...)
	check(root+"/a", 0, root+"/a/below", root+"/a/below/deeper")
	check(root+"/a/below/deeper", 0)
	check(root+"/not-there", 0)
	check(root+"/with space+and.dot", 0, root+"/with space+and.dot/x")
	if got, err := read(s.Context(), root, 2); err != nil || len(got) != 2 {
		s.Errorf("List, stopped after two paths: %v, %v", got, err)
	}
	for _, prefix := range []string{"", "/", root + "/", "/" + root, root + "/../x", root + "/./a", root + "//a", root + "/x\ny"} {
		_, err := read(s.Context(), prefix, 0)
		s.kind(fmt.Sprintf("List(%q)", prefix), err, keyturn.Invalid)
	}
	if _, err := read(cancelledContext(), root, 0); !errors.Is(err, context.Canceled) {
		s.Errorf("List with a cancelled context: got %v, want context.Canceled", err)
	}
}
