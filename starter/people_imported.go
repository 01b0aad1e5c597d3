package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/keyturn/keyturn/people/hr"
)

// An importView is what an import did, or would do.
type importView struct {
	DryRun    bool         `json:"dry_run"`
	Directory string       `json:"directory"`
	Added     []string     `json:"added"`
	Changed   []changeView `json:"changed"`
	Left      []string     `json:"left"`
	Back      []string     `json:"back"`
	Unchanged int          `json:"unchanged"`
	Teams     int          `json:"teams"` // whose members or leads change
}

type changeView struct {
	Email  string   `json:"email"`
	Fields []string `json:"fields"`
}

func viewImport(opts *peopleImportOptions, d hr.Diff) *importView {
	some := func(emails []string) []string { return append([]string{}, emails...) } // [] in JSON, and not null
	v := &importView{
		DryRun: opts.options.PlanOnly, Directory: opts.directory, Unchanged: d.Unchanged, Teams: d.Teams,
		Added: some(d.Added), Left: some(d.Left), Back: some(d.Back), Changed: []changeView{},
	}
	for _, c := range d.Changed {
		v.Changed = append(v.Changed, changeView(c))
	}
	return v
}

// write prints each person that changes but those who are new, of whom the first
// list has thousands.
func (v *importView) write(w io.Writer) error {
	if len(v.Left)+len(v.Back)+len(v.Changed) > 0 {
		t := newColumns(w, "CHANGE", "PERSON", "FIELDS")
		for _, email := range v.Left {
			t.row("left", email, "-")
		}
		for _, email := range v.Back {
			t.row("back", email, "-")
		}
		for _, c := range v.Changed {
			t.row("changed", c.Email, strings.Join(c.Fields, ", "))
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s: %d added, %d changed, %d left, %d back, %d unchanged; %s changed\n",
		clean(v.Directory), len(v.Added), len(v.Changed), len(v.Left), len(v.Back), v.Unchanged, plural(v.Teams, "team", "teams"))
	return err
}

// end prints all there is to say at the end.
func (v *importView) end(w io.Writer) error {
	err := v.write(w)
	switch {
	case err != nil:
	case v.DryRun:
		_, err = fmt.Fprintln(w, "nothing was changed")
	case len(v.Left) > 0:
		_, err = fmt.Fprintln(w, "those who left are offboarded by the next comparison of directories; to do it now: keyturn offboard EMAIL")
	}
	return err
}
