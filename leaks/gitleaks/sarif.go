package gitleaks

import (
	"io"
	"iter"

	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
)

// mostHeld bounds how much of a report is read before it names its tool: 20 MiB.
const mostHeld = 2 * stream.MostValue

// ReadSARIF yields the findings of a SARIF 2.1.0 report, as Read does. The snippet of
// gitleaks is the value. Other tools show code instead, which may hold it, so it is
// Beside. They are their findings' Source. Results that report nothing, or were
// suppressed, are left out.
func ReadSARIF(r io.Reader) iter.Seq2[leaks.Finding, error] {
	return stream.Findings(func(emit func(leaks.Finding) error) error {
		d := stream.NewDecoder(r, "sarif: read", "give a whole report of SARIF 2.1.0, which gitleaks writes with --report-format sarif")
		version, runs := false, false
		err := d.Object(func(field string) error {
			switch field {
			case "version":
				var v string
				if err := d.Decode(&v); err != nil {
					return err
				}
				if version = v == "2.1.0"; !version {
					return d.Wrong("the version of SARIF is another")
				}
				return nil
			case "runs":
				runs = true
				return d.Array(func() error { return (&run{d: d, emit: emit}).read() })
			}
			return d.Skip()
		})
		switch {
		case err != nil:
			return err
		case !version:
			return d.Wrong("version is missing")
		case !runs:
			return d.Wrong("runs are missing")
		}
		return d.End()
	})
}

// A run is what one tool reported.
type run struct {
	d    *stream.Decoder
	emit func(leaks.Finding) error
	tool string
	held []result // were read before the tool was named
}

func (r *run) read() error {
	err := r.d.Object(func(field string) error {
		switch field {
		case "tool":
			return r.named()
		case "results":
			return r.results()
		}
		return r.d.Skip()
	})
	if err == nil && r.tool == "" {
		return r.d.Wrong("a run names no tool")
	}
	return err
}

// named reads tool.driver.name.
func (r *run) named() error {
	err := r.d.Object(func(field string) error {
		if field != "driver" {
			return r.d.Skip()
		}
		return r.d.Object(func(field string) error {
			if field != "name" {
				return r.d.Skip()
			}
			var name string
			if err := r.d.Decode(&name); err != nil {
				return err
			}
			r.tool = word(name)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, res := range r.held {
		if err := r.tell(res); err != nil {
			return err
		}
	}
	r.held = nil
	return nil
}

func (r *run) results() error {
	start := r.d.Offset()
	return r.d.Findings(func() error {
		var res result
		if err := r.d.Decode(&res); err != nil {
			return err
		}
		if r.tool != "" {
			return r.tell(res)
		}
		if r.d.Offset()-start > mostHeld {
			return r.d.Wrong("more than 20 MiB of results come before the name of their tool")
		}
		r.held = append(r.held, res)
		return nil
	})
}

func (r *run) tell(res result) error {
	switch {
	case !res.reports():
		return nil
	case r.tool == name && res.RuleID == "":
		return r.d.Wrong("ruleId is missing")
	case r.tool == name:
		return r.emit(res.own().plain())
	}
	return r.emit(res.foreign(r.tool))
}
