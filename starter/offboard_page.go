package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// reportPage is the page an auditor reads: one file that needs no other.
//
//go:embed offboard_page.html
var reportPage string

// render writes the evidence as a page or as JSON.
func (e *evidence) render(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, e)
	}
	page, err := template.New("report").Funcs(template.FuncMap{
		"clock": utc, "stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"rough": func(seconds int64) string { return rough(time.Duration(seconds) * time.Second) },
		"join":  func(words []string) string { return strings.Join(words, ", ") },
	}).Parse(reportPage)
	if err != nil {
		return err
	}
	return page.Execute(w, e)
}

// utc prints a time for people; "-" for none.
func utc(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// Verdict is the headline of the report.
func (e *evidence) Verdict() string {
	switch {
	case e.State == registry.DepartureStayed:
		return "They have not left"
	case len(e.Open) > 0 && e.State == registry.DepartureDone:
		return fmt.Sprintf("Closed with %s not replaced", plural(len(e.Open), "key", "keys"))
	case len(e.Open) > 0:
		return fmt.Sprintf("Under way: %s not replaced yet", plural(len(e.Open), "key", "keys"))
	case e.State == registry.DepartureOpen:
		return "Under way"
	}
	return "Every key is replaced or needed nothing"
}

// Tone is the colour of the headline.
func (e *evidence) Tone() string {
	switch {
	case len(e.Open) > 0 && e.State == registry.DepartureDone:
		return "bad"
	case e.State == registry.DepartureDone:
		return "good"
	}
	return "wait"
}

// Took is how many seconds it took, until now while it is open.
func (e *evidence) Took() int64 {
	until := e.Closed
	if until.IsZero() {
		until = e.Written
	}
	return int64(until.Sub(e.At).Seconds())
}

// Word is the state of a key in a word or two.
func (s *keyStory) Word() string {
	switch {
	case s.State == "":
		return "never issued"
	case s.State == registry.BatchDone:
		return "replaced"
	case s.needless():
		return "nothing to do"
	}
	return string(s.State)
}

// Tone is the colour of the state.
func (s *keyStory) Tone() string {
	switch {
	case !s.open():
		return "good"
	case s.State == registry.BatchFailed || s.State == registry.BatchSkipped:
		return "bad"
	}
	return "wait"
}
