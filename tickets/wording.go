package tickets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/template"
)

//go:embed wording/*.md
var builtIn embed.FS

// Facts are what a template may say of the key and of what is asked.
type Facts struct {
	Operation   string // issue, rotate, revoke
	Step        string // supply, end, end_new
	Key         string
	Purpose     string
	Team        string // owner team
	Person      string // owner
	By          string // the team that rotates it by hand; may be empty
	Provider    string // as people call it
	Account     string
	Principal   string
	Permissions []string
	Docs        string // where the provider documents its keys
	Store, Path string // where the value belongs
	Consumers   []string
	New         string   // the new key's id at the provider, once known
	Old         []string // those of the keys to end
	Due         string   // a date
	Reason      string
	Tested      bool // the key has a test of its own
	Replaces    bool // the issuer ends the old key when it makes a new one
}

// Wording is how tickets are worded: a template for each operation, whose first
// line is the title, and one for what is asked on a ticket that exists.
type Wording struct{ templates *template.Template }

// names are the templates there are.
func names() []string { return []string{"issue.md", "rotate.md", "revoke.md", "step.md"} }

// LoadWording reads the built-in templates and, from dir unless it is empty,
// those that replace them by name. Each is tried with made-up facts, so that a
// template that loads can be filled in.
func LoadWording(dir string) (Wording, error) {
	w := Wording{template.New("").Option("missingkey=error").Funcs(template.FuncMap{"join": strings.Join, "plain": plain})}
	for _, name := range names() {
		text, err := fs.ReadFile(builtIn, "wording/"+name)
		if err != nil {
			return Wording{}, err
		}
		if _, err := w.templates.New(name).Parse(string(text)); err != nil {
			return Wording{}, err
		}
	}
	if dir != "" {
		if err := w.replace(os.DirFS(dir)); err != nil {
			return Wording{}, fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, step := range []string{"supply", "end", "end_new"} {
		for _, op := range []string{"issue", "rotate", "revoke"} {
			f := Facts{Operation: op, Step: step, Key: "k", Old: []string{"a", "b"}, New: "c", Permissions: []string{"read"}, Consumers: []string{"x"}}
			_, _, err := w.Ticket(f)
			if _, stepErr := w.Step(f); err != nil || stepErr != nil {
				return Wording{}, errors.Join(err, stepErr)
			}
		}
	}
	return w, nil
}

func (w Wording) replace(dir fs.FS) error {
	files, err := fs.ReadDir(dir, ".")
	if err != nil {
		return err
	}
	for _, file := range files {
		name := file.Name()
		if w.templates.Lookup(name) == nil {
			return fmt.Errorf("%s replaces nothing; the names are %s", name, strings.Join(names(), ", "))
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		if _, err := w.templates.New(name).Parse(string(text)); err != nil {
			return err
		}
	}
	return nil
}

// Ticket words the ticket of an operation.
func (w Wording) Ticket(f Facts) (title, body string, err error) {
	text, err := w.fill(f.Operation+".md", f)
	title, body, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(strings.TrimLeft(title, "# ")), strings.TrimSpace(body), err
}

// Step words what is asked now, on a ticket that exists.
func (w Wording) Step(f Facts) (string, error) {
	text, err := w.fill("step.md", f)
	return strings.TrimSpace(text), err
}

func (w Wording) fill(name string, f Facts) (string, error) {
	var out strings.Builder
	if w.templates == nil {
		return "", errors.New("no wording was loaded")
	}
	err := w.templates.ExecuteTemplate(&out, name, f)
	return out.String(), err
}

// plain keeps what an entry says from being read as Markdown or as a mention of
// somebody: it becomes one line of code.
func plain(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "`", "'")), " ")
	if s == "" {
		return "-"
	}
	return "`" + s + "`"
}
