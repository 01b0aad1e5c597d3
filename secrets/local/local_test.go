package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/secrets/secretstest"
)

const canary = "CANARY-sk_live_local"

func TestStore(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(t *testing.T) secrets.Store { return open(t, t.TempDir()) })
}

// TestStoreTwice runs the suite over two Stores on one folder, as worker and
// command line are, so that only the file locks keep them apart.
func TestStoreTwice(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(t *testing.T) secrets.Store {
		dir := t.TempDir()
		return &alternating{stores: []*local.Store{open(t, dir), open(t, dir)}}
	})
}

func open(t testing.TB, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(context.Background(), local.Config{Dir: dir, Create: true})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s
}

func ref(path string) keyturn.SecretRef { return keyturn.SecretRef{Store: "local", Path: path} }

func draft(n int) secrets.Draft {
	return secrets.Draft{
		Label: keyturn.Label("stripe", n), RemoteID: fmt.Sprint("rk_", n),
		Value: keyturn.NewSecret(fmt.Sprint(canary, n)), Created: time.Unix(1_700_000_000, 0),
	}
}

func stage(t testing.TB, s secrets.Store, path string, n int) keyturn.SecretVersion {
	t.Helper()
	v, err := s.Stage(context.Background(), ref(path), draft(n))
	if err != nil {
		t.Fatalf("Stage: %v", err)
	}
	return v.Name
}

func wantKind(t *testing.T, err error, kind keyturn.Kind, words ...string) {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got error %v, want kind %s", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestNothingReadableOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	stage(t, s, "payments/stripe-live", 1)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		info, _ := f.Info()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
		b, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		if strings.Contains(string(b), canary) || strings.Contains(string(b), "rk_1") {
			t.Errorf("%s holds the value in the clear", f.Name())
		}
		seen = seen || f.Name() == "payments%2Fstripe-live.age"
	}
	if !seen {
		t.Errorf("no file payments%%2Fstripe-live.age among %v", files)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	identity := filepath.Join(dir, "keys", "id.txt")
	cfg := local.Config{Dir: filepath.Join(dir, "values"), Identity: identity}

	_, err := local.Open(ctx, cfg)
	wantKind(t, err, keyturn.Invalid, identity, "create: true")
	cfg.Create = true
	s, err := local.Open(ctx, cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	stage(t, s, "a", 1)

	if err := os.Chmod(identity, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = local.Open(ctx, cfg)
	wantKind(t, err, keyturn.Invalid, "chmod 600 "+identity)
	if err := os.Chmod(identity, 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.Rename(identity, identity+".lost"); err != nil {
		t.Fatal(err)
	}
	_, err = local.Open(ctx, cfg)
	wantKind(t, err, keyturn.Invalid, "backup")
	if err := os.WriteFile(identity, []byte("# nothing here\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = local.Open(ctx, cfg)
	wantKind(t, err, keyturn.Invalid, "AGE-SECRET-KEY")

	if err := os.Chmod(cfg.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = local.Open(ctx, cfg)
	wantKind(t, err, keyturn.Invalid, "chmod go-w "+cfg.Dir)
}

func TestOpenTogetherMakesOneIdentity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stores := make(chan *local.Store, 8)
	for range cap(stores) {
		go func() {
			s, err := local.Open(context.Background(), local.Config{Dir: dir, Create: true})
			if err != nil {
				t.Errorf("Open: %v", err)
			}
			stores <- s
		}()
	}
	first := <-stores
	stage(t, first, "a", 1)
	for range cap(stores) - 1 {
		if _, err := (<-stores).Find(context.Background(), ref("a"), "stripe/g1"); err != nil {
			t.Errorf("another Store cannot read it: %v", err)
		}
	}
}

// TestBrokenFilesStay checks that a file the Store cannot use is named and
// left exactly as it was.
func TestBrokenFilesStay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	other := t.TempDir()
	stage(t, open(t, other), "a", 1)
	foreign, err := os.ReadFile(filepath.Join(other, "a.age"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := open(t, dir)
	stage(t, s, "b", 1)
	moved, err := os.ReadFile(filepath.Join(dir, "b.age"))
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), moved...)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		content []byte
		say     string
	}{
		"empty":            {nil, "damaged"},
		"rubbish":          {[]byte("rubbish"), "damaged"},
		"cut":              {moved[:len(moved)-10], "damaged"},
		"flipped":          {flipped, "damaged"},
		"another identity": {foreign, "identity"},
		"moved":            {moved, `belongs to path "b"`},
	} {
		file := filepath.Join(dir, "a.age")
		if err := os.WriteFile(file, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, stageErr := s.Stage(ctx, ref("a"), draft(2))
		_, readErr := s.Read(ctx, ref("a"), "stripe/g1")
		_, currentErr := s.Current(ctx, ref("a"))
		for _, err := range []error{
			stageErr, readErr, currentErr,
			s.Promote(ctx, ref("a"), "", "stripe/g1"), s.Destroy(ctx, ref("a"), "stripe/g1"),
			s.Put(ctx, ref("a"), secrets.Value{Secret: keyturn.NewSecret("x")}),
		} {
			wantKind(t, err, keyturn.Invalid, file, c.say)
		}
		after, err := os.ReadFile(file)
		if err != nil || string(after) != string(c.content) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, t.TempDir())
	value := func(text string) secrets.Value {
		return secrets.Value{RemoteID: "admin", Secret: keyturn.NewSecret(text)}
	}
	for _, text := range []string{"one", "one", "two"} {
		if err := s.Put(ctx, ref("admin/stripe"), value(text)); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	current, err := s.Current(ctx, ref("admin/stripe"))
	if err != nil || current.Name != "put:2" {
		t.Fatalf("Current: got %v, %v, want put:2", current, err)
	}
	if got, err := s.Read(ctx, ref("admin/stripe"), "put:1"); err != nil || got.Secret.Expose() != "one" {
		t.Errorf("Read of the former value: %v, %v", got.Secret.Expose(), err)
	}

	v1 := stage(t, s, "admin/stripe", 1)
	if err := s.Promote(ctx, ref("admin/stripe"), "put:2", v1); err != nil {
		t.Fatalf("Promote over a value placed by hand: %v", err)
	}
	wantKind(t, s.Put(ctx, ref("admin/stripe"), value("three")), keyturn.Conflict, "stripe/g1")
	if err := s.Promote(ctx, ref("admin/stripe"), v1, "put:2"); err != nil {
		t.Fatalf("Promote back: %v", err)
	}
	if got, err := s.Read(ctx, ref("admin/stripe"), "put:2"); err != nil || got.Secret.Expose() != "two" {
		t.Errorf("Read after rollback: %v, %v", got.Secret.Expose(), err)
	}
	wantKind(t, s.Put(ctx, ref("admin/stripe"), secrets.Value{}), keyturn.Invalid)
}

func TestLockHonoursContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	// Whoever holds the lock is busy for ever, as a stopped process would be.
	locks, err := filepath.Glob(filepath.Join(dir, ".locks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		l := flock.New(filepath.Join(dir, ".locks", fmt.Sprintf("%02d", i)))
		if ok, err := l.TryLock(); !ok || err != nil {
			t.Fatalf("lock: %v %v (%v)", ok, err, locks)
		}
		defer func() { _ = l.Unlock() }()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := s.Stage(ctx, ref("a"), draft(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stage behind a held lock: %v", err)
	}
	if _, err := s.Current(context.Background(), ref("a")); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("Current needs no lock, and got %v", err)
	}
}

// TestKilled ends processes without warning while they stage, and checks that
// what they reported is there and everything can be read.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("LOCAL_TEST_STAGE_FOR_EVER"); dir != "" {
		s := open(t, dir)
		for n := 1; ; n++ {
			stage(t, s, "a", n)
			fmt.Println("staged", n)
		}
	}
	t.Parallel()
	dir := t.TempDir()
	reported := 0
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "LOCAL_TEST_STAGE_FOR_EVER="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			var n int
			if _, err := fmt.Fscanln(out, new(string), &n); err != nil {
				t.Fatalf("the child ended: %v", err)
			}
			if n > reported+5 {
				reported = n
				break
			}
		}
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	s := open(t, dir)
	for n := 1; n <= reported; n++ {
		v, err := s.Read(context.Background(), ref("a"), keyturn.SecretVersion(keyturn.Label("stripe", n)))
		if err != nil || v.Secret.Expose() != fmt.Sprint(canary, n) {
			t.Fatalf("generation %d was reported as staged and reads %v", n, err)
		}
	}
	stage(t, s, "a", reported+100)
}
