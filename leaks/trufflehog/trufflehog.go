// Package trufflehog reads what TruffleHog 3 writes with --json, a line for each
// finding (https://github.com/trufflesecurity/trufflehog, pkg/output/json.go and
// proto/source_metadata.proto).
package trufflehog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
)

const (
	op   = "trufflehog: read"
	mend = "run TruffleHog 3 with --json and give all of its standard output"
)

// Read yields the findings of a report, which it reads once, one line at a time.
// Iteration stops after the first error. Lines of TruffleHog's log are skipped. Nothing
// at all is a report without findings: that is what TruffleHog writes when there are
// none. Event is a hash of the detector and the place, and of no value: two values that
// one detector finds in one place have the same.
func Read(r io.Reader) iter.Seq2[leaks.Finding, error] {
	return stream.Findings(func(emit func(leaks.Finding) error) error {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, stream.MostValue)
		number, text, understood := 0, false, false
		for lines.Scan() {
			number++
			l := bytes.TrimSpace(lines.Bytes())
			if !bytes.HasPrefix(l, []byte("{")) {
				if bytes.Contains(l, []byte(`"SourceMetadata"`)) {
					return wrong(number, "something stands before the finding")
				}
				text = text || len(l) > 0
				continue
			}
			understood = true
			f, found, err := parse(l)
			if err != nil {
				return wrong(number, err.Error())
			}
			if !found {
				continue
			}
			if err := emit(f); err != nil {
				return err
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			return wrong(number+1, "is longer than 10 MiB")
		case err != nil:
			return fmt.Errorf("%s: the report cannot be read: %w", op, err)
		case text && !understood:
			return wrong(1, "neither this nor any other line is a finding or of TruffleHog's log")
		}
		return nil
	})
}

func wrong(line int, what string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "line %d: %s; %s", line, what, mend)
}

// A line is what is read of one.
type line struct {
	SourceMetadata json.RawMessage // a finding has it
	DetectorName   string
	Verified       bool
	Raw            string
	RawV2          string
	SecretParts    map[string]string

	Msg          json.RawMessage // a line of the log has it
	StringsFound json.RawMessage // a finding of --json-legacy has it
}

// parse reads one line. Its errors quote nothing.
func parse(text []byte) (f leaks.Finding, found bool, err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return leaks.Finding{}, false, errors.New(stream.Reason(err))
	}
	switch {
	case l.SourceMetadata == nil && l.StringsFound != nil:
		return leaks.Finding{}, false, errors.New("is of --json-legacy")
	case l.SourceMetadata == nil && l.Msg == nil:
		return leaks.Finding{}, false, errors.New("is neither a finding nor of TruffleHog's log")
	case l.SourceMetadata == nil:
		return leaks.Finding{}, false, nil
	case l.DetectorName == "":
		return leaks.Finding{}, false, errors.New("DetectorName is missing")
	}
	at, err := placeOf(l.SourceMetadata)
	if err != nil {
		return leaks.Finding{}, false, errors.New("SourceMetadata " + stream.Reason(err))
	}
	f = at.finding()
	f.Source, f.Event, f.Rule, f.Provider = "trufflehog", at.event(l.DetectorName), l.DetectorName, detectors[l.DetectorName].provider
	l.values(&f)
	if l.Verified { // it says false, too, where it did not ask
		f.Validity = leaks.Active
	}
	return f, true, nil
}
