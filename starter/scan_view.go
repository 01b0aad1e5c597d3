package main

import (
	"fmt"
	"io"
	"time"

	"github.com/keyturn/keyturn/scan"
)

// A scanView is what a scan prints as a document. It has no values.
type scanView struct {
	Scanned  int            `json:"scanned"` // files, or commits
	LeftOut  []scan.LeftOut `json:"left_out"`
	Shallow  bool           `json:"shallow,omitempty"`
	Findings []leakView     `json:"findings"`
}

type leakView struct {
	Rule        string    `json:"rule"`
	Description string    `json:"description,omitempty"`
	Provider    string    `json:"provider,omitempty"`
	File        string    `json:"file"`
	Line        int       `json:"line,omitempty"`
	Column      int       `json:"column,omitempty"`
	Commit      string    `json:"commit,omitempty"`
	Since       time.Time `json:"since,omitzero"`
	Fingerprint string    `json:"fingerprint"`
}

func viewScan(r scan.Result) scanView {
	v := scanView{Scanned: r.Scanned, LeftOut: append([]scan.LeftOut{}, r.LeftOut...), Shallow: r.Shallow, Findings: []leakView{}}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, leakView{f.Rule, f.Description, f.Provider, f.File, f.Line, f.Column, f.Commit, f.Since, f.Fingerprint})
	}
	return v
}

func writeScan(w io.Writer, what scan.What, r scan.Result) error {
	if len(r.Findings) == 0 {
		_, err := fmt.Fprintf(w, "%s scanned, nothing found\n", scannedText(what, r.Scanned))
		return err
	}
	head := []string{"RULE", "PLACE", "FINGERPRINT"}
	if what == scan.History {
		head = []string{"RULE", "PLACE", "SINCE", "FINGERPRINT"} // which begins with the commit
	}
	cols := newColumns(w, head...)
	for _, f := range r.Findings {
		place := f.File
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
		}
		row := []string{f.Rule, place, f.Fingerprint}
		if what == scan.History {
			row = []string{f.Rule, place, f.Since.UTC().Format(time.DateOnly), f.Fingerprint}
		}
		cols.row(row...)
	}
	return cols.flush()
}

func scannedText(what scan.What, n int) string {
	if what == scan.History {
		return plural(n, "commit", "commits")
	}
	return plural(n, "file", "files")
}
