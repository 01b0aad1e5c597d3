// Package hr brings a list of staff, written as CSV or JSON, into the roster: for
// companies whose identity provider Keyturn cannot ask, and for people who have
// none.
package hr

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Record is one person of a list.
type Record struct {
	Email   string // as people.Address writes it
	Name    string
	Teams   []string  // each once, in the order of the list
	Manager string    // as people.Address writes it; empty where the list does not say
	LeadOf  []string  // teams, likewise
	Status  Status    // Active where the list does not say
	LastDay time.Time // midnight UTC of that date; zero where there is none
	ID      string    // the employee's id; empty where the list does not say

	places map[string]place // of the fields that were given, be they empty
}

// says reports whether the list has anything to say on a field, if only that it
// is empty. What it is silent on stays as it is.
func (r *Record) says(field string) bool {
	_, given := r.places[field]
	return given
}

// A Status is what a list says of a person.
type Status string

// The statuses. Inactive and Left mean the same to Keyturn: that the person may
// not have keys any more.
const (
	Active   Status = "active"
	Inactive Status = "inactive"
	Left     Status = "left"
)

// active reports whether the person works here at a moment. A last day is over
// when the calendar of now's own zone shows a later date.
func (r *Record) active(now time.Time) bool {
	if r.Status != Active || r.LastDay.IsZero() {
		return r.Status == Active
	}
	y, m, d := now.Date()
	return !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).After(r.LastDay)
}

// The fields of a list, in the order they are documented.
const (
	fieldEmail   = "email"
	fieldName    = "name"
	fieldTeam    = "team"
	fieldManager = "manager"
	fieldLeadOf  = "lead_of"
	fieldStatus  = "status"
	fieldLastDay = "last_day"
	fieldID      = "id"
)

func fields() []string {
	return []string{fieldEmail, fieldName, fieldTeam, fieldManager, fieldLeadOf, fieldStatus, fieldLastDay, fieldID}
}

// A Format is how a list is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// maxList is the longest list read. A hundred thousand people fit four times.
const maxList = 64 << 20

// Read reads a list. With any finding there are no records. It reads strictly: an
// unknown column, a missing or repeated address, and a status or date that is
// none are findings, all of them together. name is what they call the list. The
// error is one of reading r.
func Read(name string, r io.Reader, format Format) ([]Record, []Finding, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	c := &checker{file: name}
	if !c.text(text) {
		return nil, c.findings, nil
	}
	var records []Record
	if format == JSON {
		records = c.json(text)
	} else {
		records = c.csv(text)
	}
	c.once(records)
	if len(c.findings) == 0 && len(records) == 0 {
		c.report(place{1, 1}, "", "names nobody", "give the list of all who work here")
	}
	if len(c.findings) > 0 {
		slices.SortStableFunc(c.findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, c.findings, nil
	}
	return records, nil, nil
}
