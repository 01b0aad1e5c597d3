// Package githubfake speaks the parts of GitHub's Secret scanning, Repositories, Git
// database and GitHub Apps APIs that leaks/github uses, over a [Forge] that holds the
// truth, and makes deliveries of its webhooks.
package githubfake

import (
	"crypto/rsa"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a forge is like. The zero value takes one token.
type Options struct {
	Token    string         // default "github_pat_fake"
	App      string         // the client id of an App that is installed everywhere
	Key      *rsa.PublicKey // of the App
	ReadOnly bool           // nobody may close alerts
	PageSize int            // at most so many on a page; default 100
	Now      func() time.Time
}

// A Repo is a repository that is scanned.
type Repo struct {
	Name      string // owner/repo
	Public    bool
	Unscanned bool // secret scanning is off
}

// An Alert is what was found.
type Alert struct {
	Type     string // such as stripe_api_key
	Secret   string
	Created  time.Time // default now
	Validity string    // default unknown
	Leaked   bool      // strangers have seen it
	Encoded  bool      // in base64
	Places   []Place
}

// A Place is where it was found. One of type commit or wiki_commit has all but an
// Address.
type Place struct {
	Type    string // default commit
	Path    string
	Line    int
	Commit  string
	At      time.Time // when the commit was made; zero for one that is not there any more
	Address string    // of an issue or pull request
}

// A Forge is a pretend GitHub. It is safe for concurrent use.
type Forge struct {
	options Options
	mux     *http.ServeMux

	mu     sync.Mutex
	repos  []*repo
	tokens map[string]time.Time // installation tokens, and when they end
}

// repo is a repository and its alerts, the newest last.
type repo struct {
	Repo
	alerts []*held
}

// held is an alert and what became of it.
type held struct {
	Alert
	number                     int
	updated                    time.Time
	state, resolution, comment string
}

// New returns a forge without repositories.
func New(o Options) *Forge {
	if o.Token == "" {
		o.Token = "github_pat_fake"
	}
	if o.PageSize == 0 {
		o.PageSize = 100
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Forge{options: o, mux: http.NewServeMux(), tokens: map[string]time.Time{}}
	g.mux.HandleFunc("GET /orgs/{org}/secret-scanning/alerts", g.listOfOrg)
	g.mux.HandleFunc("GET /repos/{owner}/{repo}/secret-scanning/alerts", g.listOfRepo)
	g.mux.HandleFunc("GET /repos/{owner}/{repo}/secret-scanning/alerts/{number}", g.getAlert)
	g.mux.HandleFunc("PATCH /repos/{owner}/{repo}/secret-scanning/alerts/{number}", g.patchAlert)
	g.mux.HandleFunc("GET /repos/{owner}/{repo}/secret-scanning/alerts/{number}/locations", g.listLocations)
	g.mux.HandleFunc("GET /repos/{owner}/{repo}/git/commits/{sha}", g.getCommit)
	g.mux.HandleFunc("GET /repos/{owner}/{repo}", g.getRepo)
	g.mux.HandleFunc("/", missing)
	return g
}

// ServeHTTP lets the token and the App through.
func (g *Forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.URL.Path, "/app/") {
		g.asApp(w, r, bearer)
		return
	}
	g.mu.Lock()
	ends, ok := g.tokens[bearer]
	g.mu.Unlock()
	if bearer != g.options.Token && (!ok || !g.options.Now().Before(ends)) {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	g.mux.ServeHTTP(w, r)
}

// AddRepo makes a repository.
func (g *Forge) AddRepo(r Repo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.repos = append(g.repos, &repo{Repo: r})
}

// Leak has something found in a repository and returns the alert's number.
func (g *Forge) Leak(name string, a Alert) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.Created.IsZero() {
		a.Created = g.options.Now()
	}
	if a.Validity == "" {
		a.Validity = "unknown"
	}
	a.Places = slices.Clone(a.Places)
	for i := range a.Places {
		if a.Places[i].Type == "" {
			a.Places[i].Type = "commit"
		}
	}
	r := g.find(name)
	r.alerts = append(r.alerts, &held{Alert: a, number: len(r.alerts) + 1, state: "open"})
	return len(r.alerts)
}

// Change changes an alert, now.
func (g *Forge) Change(name string, number int, what func(*Alert)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.find(name).alert(number)
	what(&h.Alert)
	h.updated = g.options.Now()
}

// Resolve closes an alert as a person would, or opens it again if the resolution is
// empty.
func (g *Forge) Resolve(name string, number int, resolution string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.find(name).alert(number)
	h.state, h.resolution, h.comment, h.updated = "resolved", resolution, "", g.options.Now()
	if resolution == "" {
		h.state = "open"
	}
}

// Closed says how an alert was closed; empty if it is open.
func (g *Forge) Closed(name string, number int) (resolution, comment string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.find(name).alert(number)
	return h.resolution, h.comment
}

// Delete removes a repository.
func (g *Forge) Delete(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.repos = slices.DeleteFunc(g.repos, func(r *repo) bool { return r.Name == name })
}

// EndTokens ends the App's installation tokens.
func (g *Forge) EndTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.tokens)
}

// find is the repository with a name, or nil.
func (g *Forge) find(name string) *repo {
	i := slices.IndexFunc(g.repos, func(r *repo) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return nil
	}
	return g.repos[i]
}

// alert is the one with a number, or nil. A repository that is none has none.
func (r *repo) alert(number int) *held {
	if r == nil || number < 1 || number > len(r.alerts) {
		return nil
	}
	return r.alerts[number-1]
}
