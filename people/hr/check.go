package hr

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keyturn/keyturn/people"
)

// A checker collects what is wrong with one list.
type checker struct {
	file     string
	findings []Finding
}

func (c *checker) report(at place, field, problem, mend string) {
	c.findings = append(c.findings, Finding{c.file, at.line, at.column, field, problem, mend})
}

// text reports whether the list is text of a length that is read.
func (c *checker) text(text []byte) bool {
	if len(text) > maxList {
		c.report(place{1, 1}, "", "is longer than 64 MiB", "export only the documented columns")
		return false
	}
	line := 0
	for l := range bytes.Lines(text) {
		line++
		for i := 0; i < len(l); {
			r, size := utf8.DecodeRune(l[i:])
			if r == utf8.RuneError && size <= 1 {
				c.report(place{line, i + 1}, "", "is not UTF-8 here", "export the list as UTF-8")
				return false
			}
			i += size
		}
	}
	return true
}

// A value is one field of a record as it was written.
type value struct {
	field string
	text  string
	list  []string // where a list of JSON was given instead of text
	bad   bool     // what is wrong with it was reported already
	at    place
}

// record makes a Record of its values; at is where it begins.
func (c *checker) record(values []value, at place) Record {
	r := Record{Status: Active, places: map[string]place{}}
	for _, v := range values {
		v.text = strings.TrimSpace(v.text)
		r.places[v.field] = v.at
		nothing := v.text == "" && v.list == nil
		switch {
		case v.bad:
		case nothing && v.field == fieldEmail:
			c.missing(at)
		case nothing:
		case strings.ContainsFunc(v.text+strings.Join(v.list, ""), unicode.IsControl):
			c.report(v.at, v.field, "holds a line break or another character that does not print", "remove it")
		default:
			c.assign(&r, v)
		}
	}
	if !r.says(fieldEmail) {
		c.missing(at)
	}
	return r
}

func (c *checker) missing(at place) {
	c.report(at, fieldEmail, "is missing", "give the person's address, or remove the person")
}

func (c *checker) assign(r *Record, v value) {
	switch v.field {
	case fieldEmail:
		r.Email = c.address(v)
	case fieldName:
		r.Name = v.text
	case fieldTeam:
		r.Teams = several(v)
	case fieldManager:
		r.Manager = c.address(v)
	case fieldLeadOf:
		r.LeadOf = several(v)
	case fieldStatus:
		r.Status = Status(strings.ToLower(v.text))
		if !slices.Contains([]Status{Active, Inactive, Left}, r.Status) {
			c.report(v.at, v.field, "is none of the statuses there are", "write active, inactive or left")
		}
	case fieldLastDay:
		var err error
		if r.LastDay, err = time.Parse(time.DateOnly, v.text); err != nil {
			c.report(v.at, v.field, "is not a date", "write it as 2027-01-31")
		}
	case fieldID:
		r.ID = v.text
	}
}

// address reads one e-mail address, with nothing around it.
func (c *checker) address(v value) string {
	a, err := mail.ParseAddress(v.text)
	if err != nil || a.Address != v.text {
		c.report(v.at, v.field, "is not an e-mail address", "write it as alice@example.com, with nothing around it")
	}
	return people.Address(v.text)
}

// several reads teams, which a semicolon separates. Each is kept once.
func several(v value) []string {
	names := v.list
	if names == nil {
		names = strings.Split(v.text, ";")
	}
	var out []string
	for _, name := range names {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		if name = strings.TrimSpace(name); name != "" && !slices.ContainsFunc(out, same) {
			out = append(out, name)
		}
	}
	return out
}

// once reports addresses and ids that several records have.
func (c *checker) once(records []Record) {
	emails, ids := map[string]int{}, map[string]int{}
	for i := range records {
		r := &records[i]
		c.unique(emails, r, fieldEmail, r.Email)
		c.unique(ids, r, fieldID, r.ID)
	}
}

func (c *checker) unique(lines map[string]int, r *Record, field, value string) {
	if value == "" {
		return
	}
	if line, again := lines[value]; again {
		c.report(r.places[field], field, fmt.Sprintf("is that of line %d, too", line), "keep one line for each person")
		return
	}
	lines[value] = r.places[field].line
}
