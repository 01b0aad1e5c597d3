package stream_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
)

type element struct {
	Name string
	Line int
	In   struct{ Word string }
}

// names reads a list of elements.
func names(r io.Reader) (out []string, err error) {
	d := stream.NewDecoder(r, "test: read", "mend it")
	err = d.Findings(func() error {
		var e element
		if err := d.Decode(&e); err != nil {
			return err
		}
		if e.Name == "" {
			return d.Wrong("Name is missing")
		}
		out = append(out, e.Name)
		return nil
	})
	if err == nil {
		err = d.End()
	}
	return out, err
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, text, want, err string }{
		{"a list", `[{"Name":"a"},{"Name":"b","more":[{}]}]` + "\n", "a b", ""},
		{"an empty list", ` [ ] `, "", ""},
		{"what Go writes for one", `null`, "", ""},
		{"nothing", ``, "", "test: read: the report is empty; mend it"},
		{"an object", `{"Name":"CANARY"}`, "", "test: read: at byte 1: is not a list; mend it"},
		{"no JSON", `CANARY`, "", "test: read: at byte 0: is not JSON; mend it"},
		{"a second report", `[{"Name":"a"}] [CANARY`, "a", "test: read: at byte 16: something follows the report; mend it"},
		{"a list cut short", `[{"Name":"a"}`, "a", "test: read: at byte 13: the report was cut short; mend it"},
		{"a finding cut short", `[{"Name":"a"},{"Name":"CANA`, "a", "test: read: finding 2, which begins at byte 13: the report was cut short; mend it"},
		{"a finding that is none", `[{"Name":"a"}, "CANARY"]`, "a", "test: read: finding 2, which begins at byte 13: is of the wrong kind; mend it"},
		{"a field that is wrong", `[{"Name":"a","In":{"Word":["CANARY"]}}]`, "", "test: read: finding 1, which begins at byte 1: In.Word is of the wrong kind; mend it"},
		{"a number that is none", `[{"Name":"a","Line":12345678901234567890123}]`, "", "test: read: finding 1, which begins at byte 1: Line is of the wrong kind; mend it"},
		{"a finding with a mistake", `[{"Name":"a"},{"Name":CANARY}]`, "a", "test: read: finding 2, which begins at byte 13: is not JSON; mend it"},
		{"a field that lacks", `[{"Line":1}]`, "", "test: read: finding 1, which begins at byte 1: Name is missing; mend it"},
		{"a comma too many", `[{"Name":"a"},]`, "a", "test: read: finding 2, which begins at byte 13: is not JSON; mend it"},
	} {
		got, err := names(strings.NewReader(c.text))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.what, got, c.want)
		}
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%s: got error %v, want %s", c.what, err, c.err)
		case c.err != "" && keyturn.KindOf(err) != keyturn.Invalid:
			t.Errorf("%s: %v is %s", c.what, err, keyturn.KindOf(err))
		}
	}
}

func TestDecoderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	r := io.MultiReader(strings.NewReader(`[{"Name":"a"},`), iotest.ErrReader(broken))
	if got, err := names(r); len(got) != 1 || !errors.Is(err, broken) {
		t.Errorf("got %v, %v", got, err)
	}
	r = io.MultiReader(strings.NewReader(`[] `), iotest.ErrReader(broken))
	if _, err := names(r); !errors.Is(err, broken) {
		t.Errorf("at the end: %v", err)
	}
}

// TestBounds reads an endless value, and a long report of short ones.
func TestBounds(t *testing.T) {
	t.Parallel()
	for what, begin := range map[string]string{"a text": `[{"Name":"`, "a finding": `[{"Name":"a","x":[`} {
		fill := map[string]string{"a text": "CANARY", "a finding": "1,"}[what]
		in := &endless{text: fill}
		_, err := names(io.MultiReader(strings.NewReader(begin), in))
		if err == nil || !strings.Contains(err.Error(), "is longer than 10 MiB; mend it") || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", what, err)
		}
		if in.read > stream.MostValue+1<<20 {
			t.Errorf("%s: %d bytes were read", what, in.read)
		}
	}
	const n = 2
	one := `{"Name":"a","x":"` + strings.Repeat("x", stream.MostValue-100) + `"}`
	got, err := names(strings.NewReader("[" + strings.Repeat(one+",", n-1) + one + "]"))
	if err != nil || len(got) != n {
		t.Errorf("%d findings, %v", len(got), err)
	}
}

type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	if n == 0 {
		n = copy(p, e.text)
	}
	e.read += n
	return n, nil
}

func TestSkip(t *testing.T) {
	t.Parallel()
	long := `{"long":[` + strings.Repeat(`"`+strings.Repeat("x", 1<<20)+`",{"a":[null]},`, 12) + `1],"name":"a"}`
	d := stream.NewDecoder(strings.NewReader(long), "test: read", "mend it")
	var name string
	err := d.Object(func(field string) error {
		if field == "name" {
			return d.Decode(&name)
		}
		return d.Skip()
	})
	if err != nil || name != "a" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	emitted := 0
	endless := stream.Findings(func(emit func(leaks.Finding) error) error {
		for {
			emitted++
			if err := emit(leaks.Finding{Line: emitted}); err != nil {
				return err
			}
		}
	})
	for f, err := range endless {
		if err != nil {
			t.Fatal(err)
		}
		if f.Line == 3 {
			break
		}
	}
	if emitted != 3 {
		t.Errorf("%d were emitted", emitted)
	}
	wrong := errors.New("wrong")
	var last error
	for _, err := range stream.Findings(func(func(leaks.Finding) error) error { return wrong }) {
		last = err
	}
	if !errors.Is(last, wrong) {
		t.Errorf("got %v", last)
	}
}
