package vault

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
)

// read returns one version of a path, the latest for 0. A path or version
// that is not there, and one that is deleted or destroyed, is a record
// without fields and no error: its number still matters to check-and-set.
func (s *Store) read(ctx context.Context, op string, l location, version int) (record, error) {
	var params map[string][]string
	if version > 0 {
		params = map[string][]string{"version": {strconv.Itoa(version)}}
	}
	secret, err := s.call(ctx, op, l.at("data"), func(c context.Context, v *api.Client, path string) (*api.Secret, error) {
		return v.Logical().ReadWithDataWithContext(c, path, params)
	})
	if err != nil || secret == nil {
		return record{}, err
	}
	metadata, ok := secret.Data["metadata"].(map[string]any)
	if !ok {
		if len(secret.Data) == 0 {
			return record{}, nil // a 404 that came with a warning
		}
		return record{}, notVersioned(op, l)
	}
	r := record{version: number(metadata["version"])}
	r.fields, _ = secret.Data["data"].(map[string]any)
	return r, nil
}

// write stores fields as the version after cas, and only there: 0 means that
// the path must not exist. Anything else at the path is a Conflict, and the
// caller reads again to know what it is.
func (s *Store) write(ctx context.Context, op string, l location, cas int, fields map[string]any) error {
	body := map[string]any{"data": fields, "options": map[string]any{"cas": cas}}
	secret, err := s.call(ctx, op, l.at("data"), func(c context.Context, v *api.Client, path string) (*api.Secret, error) {
		return v.Logical().WriteWithContext(c, path, body)
	})
	if err != nil {
		return err
	}
	if secret == nil || number(secret.Data["version"]) == 0 {
		// A version 1 engine takes the request for a path that begins with
		// "data/" and stores it as it is. Take it back.
		_, _ = s.call(ctx, op, l.at("data"), remove)
		return notVersioned(op, l)
	}
	return nil
}

// behind is the error for a lost check-and-set where the path reads as if it
// had been won: what was read is older than what was written.
func behind(op string, l location) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "Vault does not show the latest version of %s/%s yet", l.mount, l.path)
}

func notVersioned(op string, l location) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the engine at %s/ is not KV version 2; enable versions with: vault kv enable-versioning %s/", l.mount, l.mount)
}

// A history is what Vault says about the versions of a path.
type history struct {
	current     int
	maxVersions int // 0 is the engine's default, which is 10 unless configured
	versions    map[int]versionState
}

type versionState struct{ deleted, destroyed bool }

// newest returns the numbers of the versions, the newest first.
func (h history) newest() []int {
	numbers := make([]int, 0, len(h.versions))
	for n := range h.versions {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers
}

// history reads the metadata of a path; that of a path that does not exist is
// empty.
func (s *Store) history(ctx context.Context, op string, l location) (history, error) {
	h := history{versions: map[int]versionState{}}
	secret, err := s.call(ctx, op, l.at("metadata"), get)
	if err != nil || secret == nil {
		return h, err
	}
	h.current = number(secret.Data["current_version"])
	h.maxVersions = number(secret.Data["max_versions"])
	versions, _ := secret.Data["versions"].(map[string]any)
	for text, raw := range versions {
		n, err := strconv.Atoi(text)
		state, ok := raw.(map[string]any)
		if err != nil || !ok {
			return h, keyturn.Errorf(keyturn.Unavailable, op, "Vault's answer could not be understood")
		}
		deletion, _ := state["deletion_time"].(string)
		destroyed, _ := state["destroyed"].(bool)
		h.versions[n] = versionState{deleted: deletion != "", destroyed: destroyed}
	}
	return h, nil
}

// find returns the version called v: the staged copy of a generation, and
// where that is gone, the newest version of the consumers' path that is v.
func (s *Store) find(ctx context.Context, op string, l location, v keyturn.SecretVersion) (record, error) {
	missing := keyturn.Errorf(keyturn.NotFound, op, "there is no version %s of %s/%s", v, l.mount, l.path)
	if v == "" {
		return record{}, missing
	}
	var r record
	var err error
	if n, ok := kvNumber(v); ok {
		r, err = s.read(ctx, op, l, n)
	} else {
		r, err = s.read(ctx, op, s.staged(l, string(v)), 0)
	}
	if err != nil || r.name() == v {
		return r, err
	}
	h, err := s.history(ctx, op, l)
	if err != nil {
		return record{}, err
	}
	for _, n := range h.newest() {
		if h.versions[n].deleted || h.versions[n].destroyed {
			continue
		}
		r, err := s.read(ctx, op, l, n)
		if err != nil || r.name() == v {
			return r, err
		}
	}
	return record{}, missing
}

// number reads what Vault's JSON says is a number; 0 if it is none.
func number(v any) int {
	n, _ := v.(json.Number)
	i, _ := strconv.Atoi(n.String())
	return i
}
