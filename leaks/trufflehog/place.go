package trufflehog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/keyturn/keyturn/leaks"
)

// A place is where something was found: the fields of the kind of source it was found
// in. A kind that is not known here is read as far as it uses the words of the others.
type place struct {
	kind   string // Git, Github, S3
	fields map[string]any
}

// repos and files are the words for what stands for a repository and a file, those
// that say most first.
var (
	repos = []string{
		"repository", "repository_local_path", "repo", "bucket", "container", "image", "package", "project", "project_name", "pipeline",
		"workspace_name", "space", "channel_name", "channel_id", "organization_slug", "index", "hostname", "secret_arn",
	}
	files = []string{"file", "filename", "path", "page", "issue", "collection_name", "document_id", "docid", "event_id", "appname"}
)

// named are the words of which an event is made: what changes from one scan to the
// next, such as where a repository was cloned to, and who wrote it, are not among them.
var named = []string{
	"link", "repository", "repo", "bucket", "container", "registry", "image", "tag", "layer", "package", "release", "org", "project", "project_name",
	"commit", "file", "filename", "path", "line", "pipeline", "build_number", "job_number", "build_step", "page", "space", "comment_id", "issue",
	"location", "snippet_id", "channel_id", "docid", "index", "document_id", "event_id", "hostname", "appname", "workspace_uuid", "collection_id",
	"environment_id", "request_id", "folder_id", "response_id", "location_type", "secret_arn", "metadata", "host", "locator",
}

func placeOf(text json.RawMessage) (place, error) {
	var metadata struct {
		Data map[string]map[string]any
	}
	if err := json.Unmarshal(text, &metadata); err != nil {
		return place{}, err
	}
	p := place{fields: map[string]any{}}
	for kind, fields := range metadata.Data { // there is one
		p.kind = kind
		p.flatten(fields)
	}
	return p, nil
}

// flatten takes the fields of a source, and of what it got them from.
func (p place) flatten(fields map[string]any) {
	for name, v := range fields {
		if inner, ok := v.(map[string]any); ok {
			p.flatten(inner)
			continue
		}
		p.fields[name] = v
	}
}

func (p place) finding() leaks.Finding {
	f := leaks.Finding{
		Repo: p.first(repos...), Commit: p.first("commit"), File: p.first(files...), URL: p.first("link"), Since: p.since(), Public: p.public(),
	}
	if n, ok := p.fields["line"].(float64); ok && n > 0 && n < 1<<31 {
		f.Line = int(n)
	}
	return f
}

// first returns the first of these fields that is a text.
func (p place) first(names ...string) string {
	for _, name := range names {
		if text, ok := p.fields[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// public reports whether the place is known to be. Where TruffleHog says how visible
// a repository is, public is the zero that it leaves out.
func (p place) public() bool {
	switch p.kind {
	case "Github", "Huggingface":
		return p.fields["visibility"] == nil
	case "TravisCI":
		return p.fields["public"] == true
	}
	return false
}

// since reads the time of a commit, an object or a message; zero if there is none, or
// none that can be read.
func (p place) since() time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -0700 MST", time.RFC3339} {
		if t, err := time.Parse(layout, p.first("timestamp", "created_at")); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// event names what a detector found in this place, the same in each scan.
func (p place) event(detector string) string {
	text := detector + "\x00" + p.kind
	for _, name := range named {
		if v, ok := p.fields[name]; ok {
			text += fmt.Sprintf("\x00%s=%v", name, v)
		}
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
