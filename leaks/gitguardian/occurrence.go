package gitguardian

import (
	"cmp"
	"strconv"
	"time"

	"github.com/keyturn/keyturn/leaks"
)

// An occurrence is one place where a value was found.
type occurrence struct {
	ID      int64     `json:"id"`
	Date    time.Time `json:"date"`
	Commit  string    `json:"sha"`
	File    string    `json:"filepath"`
	URL     string    `json:"url"`
	Tags    []string  `json:"tags"`
	Matches []match   `json:"matches"`
	Source  struct {
		FullName   string `json:"full_name"` // Internal Monitoring
		Name       string `json:"name"`      // Public Monitoring
		Visibility string `json:"visibility"`
	} `json:"source"`
}

// A match is a part of a value, as the lines it is in, after the change or before it.
type match struct {
	After  int `json:"post_line_start"`
	Before int `json:"pre_line_start"`
}

// public reports whether strangers can see the occurrence.
func (o occurrence) public() bool { return o.Source.Visibility == "public" || seen(o.Tags) }

// place puts an occurrence of an incident into a finding. The incident's link stays:
// there a person closes it.
func (o occurrence) place(n name, f *leaks.Finding) {
	if o.ID > 0 {
		f.Event = n.String() + " occurrence " + strconv.FormatInt(o.ID, 10)
	}
	f.Repo, f.Commit, f.File = cmp.Or(o.Source.FullName, o.Source.Name), o.Commit, o.File
	for _, m := range o.Matches {
		if f.Line = cmp.Or(m.After, m.Before); f.Line > 0 {
			break
		}
	}
	if !o.Date.IsZero() && o.Date.Before(f.Since) {
		f.Since = o.Date
	}
	f.Public = f.Public || o.public()
}
