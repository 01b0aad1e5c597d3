// Package detectsecrets reads the baseline of detect-secrets
// (https://github.com/Yelp/detect-secrets, core/potential_secret.py and
// core/baseline.py of 1.5.0), which tells the SHA-1 of values and no value.
package detectsecrets

import (
	"encoding/hex"
	"fmt"
	"io"
	"iter"

	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
)

// Read yields the findings of a baseline, which it reads once, one finding at a time.
// Iteration stops after the first error. What was audited to be no secret is left out.
// When the baseline was written says nothing of when a value was found in it, so At is
// zero. A slim baseline tells no lines. Event is file, type and line: two values of one
// type in one line, or in one file of a slim baseline, have the same.
func Read(r io.Reader) iter.Seq2[leaks.Finding, error] {
	return stream.Findings(func(emit func(leaks.Finding) error) error {
		d := stream.NewDecoder(r, "detect-secrets: read", "run detect-secrets scan and give its whole output")
		results := false
		err := d.Object(func(field string) error {
			if field != "results" {
				return d.Skip()
			}
			results = true
			return d.Object(func(file string) error {
				return d.Findings(func() error { return one(d, file, emit) })
			})
		})
		if err != nil {
			return err
		}
		if !results {
			return d.Wrong("results are missing")
		}
		return d.End()
	})
}

// A finding is what is read of a potential secret.
type finding struct {
	Type         string `json:"type"`
	HashedSecret string `json:"hashed_secret"`
	IsVerified   bool   `json:"is_verified"`
	LineNumber   int    `json:"line_number"`
	IsSecret     *bool  `json:"is_secret"` // nil before it was audited
}

func one(d *stream.Decoder, file string, emit func(leaks.Finding) error) error {
	var f finding
	if err := d.Decode(&f); err != nil {
		return err
	}
	if f.Type == "" {
		return d.Wrong("type is missing")
	}
	if sum, err := hex.DecodeString(f.HashedSecret); err != nil || len(sum) != 20 {
		return d.Wrong("hashed_secret is not the SHA-1 of a value")
	}
	if f.IsSecret != nil && !*f.IsSecret {
		return nil
	}
	out := leaks.Finding{
		Source: "detect-secrets", Event: fmt.Sprintf("%s:%s:%d", file, f.Type, f.LineNumber), Rule: f.Type, Provider: providers[f.Type],
		File: file, Line: f.LineNumber,
	}
	if f.Type != privateKey {
		out.SHA1 = f.HashedSecret
	}
	if f.IsVerified { // it is false, too, where nobody asked
		out.Validity = leaks.Active
	}
	return emit(out)
}
