package dispatch

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"

	"github.com/keyturn/keyturn/registry"
)

//go:embed wording/*.tmpl
var builtIn embed.FS

// A Wording is how notices are worded: templates with names. single.* word one
// notice and digest.* many; <what>.* word one notice of that kind, where they
// exist; the others are parts that those call.
type Wording struct {
	templates *template.Template
	dir       string // whose files replaced built-in ones; may be empty
}

// told are the events that people are told of, in the order of a digest: what
// went wrong and what waits for somebody first.
func told() []string {
	return []string{
		registry.LeakLate, registry.Killed, registry.LeakFound, registry.Escalated, registry.Overdue, registry.Stuck, registry.Refused, registry.RolledBack,
		registry.Asked, registry.Reminded, registry.Noted, registry.Announced,
		registry.HandedOver, registry.Supplied, registry.Confirmed, registry.Completed, registry.LeakClosed,
	}
}

// functions are what templates may call besides text/template's own.
func functions() template.FuncMap { return template.FuncMap{"join": strings.Join} }

const (
	subjectFile = ".subject.tmpl"
	textFile    = ".text.tmpl"
)

// LoadWording reads the built-in templates and, from dir unless it is empty,
// those that replace them by name. Errors name the file and the line. Every
// template is tried with made-up notices of all kinds, so that what loads can
// be filled in.
func LoadWording(dir string) (Wording, error) {
	w := Wording{templates: template.New("").Funcs(functions()), dir: dir}
	files, err := fs.Sub(builtIn, "wording")
	if err != nil {
		return Wording{}, err
	}
	names, err := fs.Glob(files, "*")
	if err != nil {
		return Wording{}, err
	}
	if err := w.add(files, names); err != nil {
		return Wording{}, err
	}
	if dir != "" {
		if err := w.replace(names); err != nil {
			return Wording{}, err
		}
	}
	return w, w.try()
}

func (w Wording) replace(names []string) error {
	for _, what := range told() {
		names = append(names, what+subjectFile, what+textFile)
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return fmt.Errorf("notices.templates: %w", err)
	}
	var found []string
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."): // such as ..data, in a mounted ConfigMap
		case !slices.Contains(names, name):
			return fmt.Errorf("notices.templates: %s replaces nothing; the names are %s", filepath.Join(w.dir, name), strings.Join(names, ", "))
		default:
			found = append(found, name)
		}
	}
	return w.add(os.DirFS(w.dir), found)
}

func (w Wording) add(files fs.FS, names []string) error {
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("notices.templates: %w", err)
		}
		// The last line end is the file's and not the text's.
		words := strings.TrimRight(string(text), "\r\n")
		// A template of nothing would leave the one it replaces in its place.
		if alone, err := template.New(name).Funcs(functions()).Parse(words); err == nil && (alone.Tree == nil || parse.IsEmptyTree(alone.Root)) {
			return w.located(fmt.Errorf("%s: says nothing", name))
		}
		if _, err := w.templates.New(name).Parse(words); err != nil {
			return w.located(err)
		}
	}
	return nil
}

// located turns "template: name:3: what" into the file's place.
func (w Wording) located(err error) error {
	what := strings.TrimPrefix(err.Error(), "template: ")
	if w.dir != "" {
		what = filepath.Join(w.dir, what)
	}
	return fmt.Errorf("notices.templates: %s", what)
}

// Single words one notice.
func (w Wording) Single(f Facts) (subject, text string, err error) {
	name := func(file string) string {
		if w.templates.Lookup(f.What+file) != nil {
			return f.What + file
		}
		return "single" + file
	}
	return w.both(name(subjectFile), name(textFile), f)
}

// Digest words many notices.
func (w Wording) Digest(d Digest) (subject, text string, err error) {
	return w.both("digest"+subjectFile, "digest"+textFile, d)
}

func (w Wording) both(subject, text string, about any) (string, string, error) {
	s, err := w.fill(subject, about)
	if err != nil {
		return "", "", err
	}
	t, err := w.fill(text, about)
	return clean(s), strings.TrimRightFunc(strings.TrimLeft(t, "\r\n"), unicode.IsSpace), err
}

func (w Wording) fill(name string, about any) (string, error) {
	if w.templates == nil {
		return "", errors.New("notices: no wording was loaded")
	}
	var out strings.Builder
	if err := w.templates.ExecuteTemplate(&out, name, about); err != nil {
		return "", w.located(err)
	}
	if strings.TrimSpace(out.String()) == "" {
		return "", w.located(fmt.Errorf("%s: says nothing", name))
	}
	return out.String(), nil
}
