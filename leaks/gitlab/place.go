package gitlab

import (
	"net/url"
	"regexp"
	"strconv"

	"github.com/keyturn/keyturn/leaks"
)

// file is the path of a file at a commit, as GitLab and GitHub have it. A branch in
// the place of the commit may contain slashes, and is not taken apart.
var file = regexp.MustCompile(`^/(.+?)/(?:-/)?(?:blob|raw)/([0-9a-f]{40}|[0-9a-f]{64})/(.+)$`)

var line = regexp.MustCompile(`^L([0-9]{1,9})\b`)

// place takes apart where something was found; what it cannot tell stays empty.
func place(f *leaks.Finding) {
	u, err := url.Parse(f.URL)
	if err != nil {
		return
	}
	m := file.FindStringSubmatch(u.Path)
	if m == nil {
		return
	}
	f.Repo, f.Commit, f.File = m[1], m[2], m[3]
	if m := line.FindStringSubmatch(u.Fragment); m != nil {
		f.Line, _ = strconv.Atoi(m[1]) // nine digits are a number
	}
}
