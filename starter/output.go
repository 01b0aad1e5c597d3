package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
)

// A format is how data is printed.
type format string

const (
	table    format = "table"
	jsonText format = "json"
	yamlText format = "yaml"
)

// The methods of pflag.Value.

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "FORMAT" }

func (f *format) Set(s string) error {
	switch v := format(s); v {
	case table, jsonText, yamlText:
		*f = v
		return nil
	}
	return fmt.Errorf("write table, json or yaml")
}

// print writes v as JSON or YAML, or calls human for a table.
func (a *app) print(v any, human func(w io.Writer) error) error {
	switch a.global.output {
	case jsonText:
		return writeJSON(a.out, v)
	case yamlText:
		b, err := toYAML(v)
		if err != nil {
			return err
		}
		_, err = a.out.Write(b)
		return err
	}
	return human(a.out)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// toYAML goes through JSON, so that both formats have the same fields.
func toYAML(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(b)
}

// columns writes an aligned table: one call for each row, then flush.
type columns struct{ w *tabwriter.Writer }

func newColumns(w io.Writer, head ...string) *columns {
	c := &columns{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)}
	if len(head) > 0 {
		c.row(head...)
	}
	return c
}

func (c *columns) row(cells ...string) {
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	_, _ = fmt.Fprintln(c.w, strings.Join(cells, "\t"))
}

func (c *columns) flush() error { return c.w.Flush() }

// A lister prints many things one after the other without holding them all.
// Tables are the exception: their columns are aligned at the end.
type lister[T any] struct {
	a    *app
	cols *columns
	row  func(T) []string
	n    int
}

func newLister[T any](a *app, head []string, row func(T) []string) *lister[T] {
	l := &lister[T]{a: a, row: row}
	if a.global.output == table {
		l.cols = newColumns(a.out, head...)
	}
	return l
}

func (l *lister[T]) add(v T) error {
	l.n++
	switch l.a.global.output {
	case jsonText:
		b, err := json.MarshalIndent(v, "  ", "  ")
		if err != nil {
			return err
		}
		lead := ",\n  "
		if l.n == 1 {
			lead = "[\n  "
		}
		_, err = fmt.Fprintf(l.a.out, "%s%s", lead, b)
		return err
	case yamlText:
		b, err := toYAML([]T{v})
		if err != nil {
			return err
		}
		_, err = l.a.out.Write(b)
		return err
	}
	l.cols.row(l.row(v)...)
	return nil
}

// end finishes the document; empty is what a table says when there is nothing.
func (l *lister[T]) end(empty string) error {
	switch {
	case l.a.global.output == jsonText && l.n == 0, l.a.global.output == yamlText && l.n == 0:
		_, err := fmt.Fprintln(l.a.out, "[]")
		return err
	case l.a.global.output == jsonText:
		_, err := fmt.Fprintln(l.a.out, "\n]")
		return err
	case l.a.global.output == yamlText:
		return nil
	case l.n == 0:
		_, err := fmt.Fprintln(l.a.err, empty)
		return err
	}
	return l.cols.flush()
}
