package github

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// A deployKey is one as GitHub shows it (REST API, "Deploy keys").
type deployKey struct {
	ID       int64      `json:"id"`
	Key      string     `json:"key"`
	Title    string     `json:"title"`
	ReadOnly bool       `json:"read_only"`
	Verified bool       `json:"verified"`
	Enabled  *bool      `json:"enabled,omitempty"` // false where a policy of the organisation forbids it
	Created  time.Time  `json:"created_at"`
	LastUsed *time.Time `json:"last_used"`
}

// usable reports whether the repository takes the key.
func (k deployKey) usable() bool { return k.Verified && (k.Enabled == nil || *k.Enabled) }

// ofRepo turns deploy keys of a repository into keys. GitHub can find one only
// by repository and number, so its id here is both: "acme/orders/1234".
func ofRepo(repo string) func(deployKey) providers.RemoteKey {
	return func(k deployKey) providers.RemoteKey {
		return providers.RemoteKey{
			ID: repo + "/" + strconv.FormatInt(k.ID, 10), Principal: repo, Label: k.Title,
			Created: k.Created, Enabled: k.usable(),
		}
	}
}

func (p *provider) deployKeys(ctx context.Context, op, repo string) iter.Seq2[deployKey, error] {
	return pages(ctx, p, op, "/repos/"+repo+"/keys", all[deployKey])
}

// listAll lists every repository's deploy keys, then the tokens.
func (p *provider) listAll(ctx context.Context, op string, yield func(providers.RemoteKey, error) bool) {
	type repo struct {
		Name string `json:"full_name"`
	}
	type page struct {
		Repositories []repo
	}
	for r, err := range pages(ctx, p, op, "/installation/repositories", func(x page) []repo { return x.Repositories }) {
		if err == nil && !repoPattern.MatchString(r.Name) {
			err = undocumented(op)
		}
		if err != nil {
			yield(providers.RemoteKey{}, err)
			return
		}
		failed := false
		more := each(p.deployKeys(ctx, op, r.Name), ofRepo(r.Name), func(k providers.RemoteKey, err error) bool {
			if keyturn.KindOf(err) == keyturn.NotFound {
				return true // deleted since the page was read
			}
			failed = err != nil
			return yield(k, err)
		})
		if !more || failed {
			return
		}
	}
	if p.PersonalTokens {
		each(p.grants(ctx, op, ""), grant.remote, yield)
	}
}

func (p *provider) mintDeployKey(ctx context.Context, op string, req providers.MintRequest) (providers.Minted, error) {
	for _, x := range req.Permissions {
		if x != "read" && x != "write" {
			return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, `a deploy key may "read" or "write"; correct the entry's scope.permissions`)
		}
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return providers.Minted{}, keyturn.Errorf(keyturn.Unavailable, op, "no random numbers are to be had")
	}
	block, err := ssh.MarshalPrivateKey(private, req.Label)
	if err != nil {
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "the key cannot be written")
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "the key cannot be written")
	}
	s, err := p.session(ctx, op)
	if err != nil {
		return providers.Minted{}, err
	}
	in := map[string]any{
		"title": req.Label, "key": strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))),
		"read_only": !slices.Contains(req.Permissions, "write"),
	}
	var out deployKey
	if _, err := p.as(ctx, s, request{op, http.MethodPost, "/repos/" + req.Principal + "/keys", in, &out}); err != nil {
		return providers.Minted{}, err
	}
	if out.ID == 0 {
		return providers.Minted{}, undocumented(op)
	}
	made := ofRepo(req.Principal)(out)
	made.Enabled = out.Enabled == nil || *out.Enabled // GitHub may take a moment to verify it
	return providers.Minted{Key: made, Secret: keyturn.NewSecret(string(pem.EncodeToMemory(block)))}, nil
}

// idPattern is the id of a deploy key: owner, repository, number.
var idPattern = regexp.MustCompile(`^([A-Za-z0-9-]+/[A-Za-z0-9._-]+)/([1-9][0-9]*)$`)

// keyPath is where a deploy key is. Anything but an id of ours could name
// another resource.
func (p *provider) keyPath(op, repo, id string) (string, error) {
	m := idPattern.FindStringSubmatch(id)
	if m == nil || !strings.EqualFold(m[1], repo) {
		return "", keyturn.Errorf(keyturn.Invalid, op, "the id is not that of a deploy key of the repository (owner/repo/number)")
	}
	return "/repos/" + m[1] + "/keys/" + m[2], nil
}

// verifyDeployKey asks whether the repository has the public half of the
// value. That GitHub would take the key it cannot show: only git over SSH tries
// one. A key that a listing of the repository lacks is Denied; that listing
// being refused says nothing of the key, and is another error. Asking for the
// key alone would not do: GitHub answers 404 both for a key that is gone and
// for a repository it will not show.
func (p *provider) verifyDeployKey(ctx context.Context, op, id string, secret keyturn.Secret) error {
	m := idPattern.FindStringSubmatch(id)
	if m == nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the id is not that of a deploy key (owner/repo/number)")
	}
	if err := p.check(op, m[1]); err != nil {
		return err
	}
	signer, err := ssh.ParsePrivateKey([]byte(secret.Expose()))
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the value is not a private SSH key without passphrase")
	}
	for k, err := range p.deployKeys(ctx, op, m[1]) {
		if err != nil {
			return ofOurs(op, err)
		}
		if strconv.FormatInt(k.ID, 10) != m[2] {
			continue
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k.Key))
		switch {
		case err != nil:
			return undocumented(op)
		case !bytes.Equal(public.Marshal(), signer.PublicKey().Marshal()):
			return keyturn.Errorf(keyturn.Denied, op, "deploy key %s is not the public half of the value", id)
		case !k.usable():
			return keyturn.Errorf(keyturn.Denied, op, "deploy key %s is not verified, or a policy of the organisation disables it", id)
		}
		return nil
	}
	return keyturn.Errorf(keyturn.Denied, op, "the repository has no deploy key %s", id)
}

// ofOurs keeps a refusal of our own credential from looking like one of the
// key under test.
func ofOurs(op string, err error) error {
	if e := new(keyturn.Error); errors.As(err, &e) && e.Kind == keyturn.Denied {
		return keyturn.Errorf(keyturn.Unavailable, op, "the administrator's credential was refused, so nothing is known of the key")
	}
	return err
}

func (p *provider) deployKeyUsed(ctx context.Context, op, repo, id string) (time.Time, error) {
	path, err := p.keyPath(op, repo, id)
	if err != nil {
		return time.Time{}, err
	}
	s, err := p.session(ctx, op)
	if err != nil {
		return time.Time{}, err
	}
	var k deployKey
	if _, err := p.as(ctx, s, request{op, http.MethodGet, path, nil, &k}); err != nil {
		return time.Time{}, err
	}
	switch {
	case k.ID == 0:
		return time.Time{}, undocumented(op)
	case k.LastUsed == nil:
		return time.Time{}, nil
	}
	return *k.LastUsed, nil
}
