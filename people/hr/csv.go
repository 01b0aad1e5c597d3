package hr

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// csv reads a list whose first line names the columns (RFC 4180).
func (c *checker) csv(text []byte) []Record {
	// A byte order mark is what spreadsheets begin UTF-8 with.
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord = -1 // counted here, to go on after a line that is wrong
	r.ReuseRecord = true
	columns, ok := c.header(r)
	if !ok {
		return nil
	}
	var out []Record
	for {
		row, err := r.Read()
		switch {
		case err == io.EOF:
			return out
		case err != nil:
			c.malformed(err)
			return out
		}
		at := place{}
		at.line, at.column = r.FieldPos(0)
		if len(row) != len(columns) {
			c.report(at, "", "has another number of fields than the first line", `separate fields by commas, and put one that holds a comma in "quotes"`)
			continue
		}
		values := make([]value, len(row))
		for i, text := range row {
			values[i] = value{field: columns[i], text: text}
			values[i].at.line, values[i].at.column = r.FieldPos(i)
		}
		out = append(out, c.record(values, at))
	}
}

// header reads the names of the columns, and reports whether the rows below them
// can be understood.
func (c *checker) header(r *csv.Reader) ([]string, bool) {
	row, err := r.Read()
	if err != nil && err != io.EOF {
		c.malformed(err)
		return nil, false
	}
	if len(row) == 1 && strings.ContainsAny(row[0], ";\t") {
		c.report(place{1, 1}, "", "has no commas between its columns", "export the list with commas between columns")
		return nil, false
	}
	good := true
	columns := make([]string, len(row))
	for i, name := range row {
		name = strings.ToLower(strings.TrimSpace(name))
		at := place{}
		at.line, at.column = r.FieldPos(i)
		if slices.Contains(columns, name) && name != "" {
			c.report(at, shown(name), "is a column already", "keep one of them")
			good = false
		} else if !c.known(name, at) {
			good = false
		}
		columns[i] = name
	}
	if !slices.Contains(columns, fieldEmail) {
		c.report(place{1, 1}, fieldEmail, "is no column of the first line", "name the columns in the first line, "+fieldEmail+" among them")
		good = false
	}
	return columns, good
}

// known reports whether a list may have such a field.
func (c *checker) known(name string, at place) bool {
	if slices.Contains(fields(), name) {
		return true
	}
	c.report(at, shown(name), "is not a field of a list of staff", "remove it, or name it one of: "+strings.Join(fields(), ", "))
	return false
}

// malformed reports what the reader of CSV could not get past.
func (c *checker) malformed(err error) {
	at := place{1, 1}
	if e := new(csv.ParseError); errors.As(err, &e) {
		at = place{e.Line, e.Column}
	}
	c.report(at, "", "is not valid CSV", `put a field with a quote, comma or line break in "quotes", and write a quote in it twice`)
}

// shown is a name from a list, cut to a length that cannot fill a screen.
func shown(name string) string {
	if len(name) > 40 {
		return strings.ToValidUTF8(name[:40], "") + "…"
	}
	return name
}
