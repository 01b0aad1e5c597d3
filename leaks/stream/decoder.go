// Package stream reads scanners' reports from front to back. It holds one value at a
// time, and its errors say where a report is wrong and never what stands there, which
// may be a secret.
package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/keyturn/keyturn"
)

// MostValue is how long one value, such as a finding, may be: 10 MiB.
const MostValue = 10 << 20

// A Decoder reads one JSON document. Its errors are Invalid *keyturn.Error values, and
// what the underlying reader failed with.
type Decoder struct {
	op, mend string
	in       *gate
	json     *json.Decoder
	findings int   // how many were begun
	inside   bool  // of a finding
	began    int64 // where it begins
}

// NewDecoder reads r. Errors begin with op and end with mend, which says how to get a
// report that can be read.
func NewDecoder(r io.Reader, op, mend string) *Decoder {
	in := &gate{r: r}
	return &Decoder{op: op, mend: mend, in: in, json: json.NewDecoder(in)}
}

// Object reads an object, and calls field with the name of each field, to read its
// value or skip it.
func (d *Decoder) Object(field func(name string) error) error {
	token, err := d.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return d.Wrong("is not an object")
	}
	for d.more() {
		name, err := d.token()
		if err != nil {
			return err
		}
		if err := field(name.(string)); err != nil { // within an object, what is no name is a syntax error
			return err
		}
	}
	_, err = d.token()
	return err
}

// Array reads a list, and calls each to read each of its elements. What Go writes for
// an empty list, null, is one.
func (d *Decoder) Array(each func() error) error {
	token, err := d.token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return d.Wrong("is not a list")
	}
	for d.more() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err = d.token()
	return err
}

// Findings is Array for a list of findings: errors say which one they are about.
func (d *Decoder) Findings(each func() error) error {
	return d.Array(func() error {
		d.findings++
		d.inside, d.began = true, d.Offset()
		err := each()
		d.inside = false
		return err
	})
}

// Decode reads one value. Fields that v lacks are skipped.
func (d *Decoder) Decode(v any) error {
	d.room()
	if err := d.json.Decode(v); err != nil {
		return d.fail(err)
	}
	return nil
}

// Skip reads one value of any length.
func (d *Decoder) Skip() error {
	depth := 0
	for {
		token, err := d.token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// End fails if anything follows the document.
func (d *Decoder) End() error {
	d.room()
	switch _, err := d.json.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case d.in.broke():
		return d.fail(err)
	}
	return d.Wrong("something follows the report")
}

// Offset is how many bytes of the document were read.
func (d *Decoder) Offset() int64 { return d.json.InputOffset() }

// Wrong is the error that what is being read is not as it should be.
func (d *Decoder) Wrong(what string) error {
	at := fmt.Sprintf("at byte %d", d.Offset())
	if d.inside {
		at = fmt.Sprintf("finding %d, which begins at byte %d", d.findings, d.began)
	}
	return keyturn.Errorf(keyturn.Invalid, d.op, "%s: %s; %s", at, what, d.mend)
}

func (d *Decoder) token() (json.Token, error) {
	d.room()
	token, err := d.json.Token()
	if err != nil {
		return nil, d.fail(err)
	}
	return token, nil
}

// more reports whether the list or object goes on. If it cannot tell, the next token
// is an error.
func (d *Decoder) more() bool {
	d.room()
	return d.json.More()
}

// room lets the decoder read one more value.
func (d *Decoder) room() { d.in.until = d.Offset() + MostValue + 1 }

// fail says what err, of the JSON decoder, means.
func (d *Decoder) fail(err error) error {
	if d.in.broke() {
		return fmt.Errorf("%s: the report cannot be read: %w", d.op, d.in.err)
	}
	if d.in.read == 0 {
		return keyturn.Errorf(keyturn.Invalid, d.op, "the report is empty; %s", d.mend)
	}
	return d.Wrong(Reason(err))
}
