package hr

import "fmt"

// A Finding is one thing wrong with a list, and how to mend it. It quotes names of
// columns, and nothing of a person.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // in bytes, from 1
	Field   string `json:"field,omitempty"`
	Problem string `json:"problem"`
	Mend    string `json:"mend"`
}

// String prints the finding as compilers do, so that editors can jump to it.
func (f Finding) String() string {
	field := f.Field
	if field != "" {
		field += ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s; %s", f.File, f.Line, f.Column, field, f.Problem, f.Mend)
}

// A place is where something stands in a list.
type place struct{ line, column int }
