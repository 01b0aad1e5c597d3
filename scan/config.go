package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
)

// config is every rule there is for this scan.
func (s *scanner) config() (config.Config, error) {
	if err := s.request.Custom.Check(); err != nil {
		return config.Config{}, err
	}
	path, rules, err := s.rules()
	if err != nil {
		return config.Config{}, err
	}
	text, err := s.request.Custom.toml()
	if err != nil {
		return config.Config{}, err
	}
	top, err := parse("the rules of the configuration", text)
	if err != nil {
		return config.Config{}, err
	}
	extend(top, rules)
	cfg, err := top.Translate()
	if err != nil {
		return config.Config{}, invalid("%s: %v; mend the file", path, firstLine(err))
	}
	cfg.Path = s.named(path) // the engine leaves it alone: a rule may look like what it finds
	return cfg, nil
}

// rules are those of the file that was named, or of the repository, or gitleaks' own.
func (s *scanner) rules() (path string, out *config.ViperConfig, err error) {
	if path = s.request.RulesFile; path == "" {
		path = filepath.Join(s.root, ".gitleaks.toml")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			out, err := shipped()
			return path, out, err
		}
	}
	out, err = s.load(path, 0)
	return path, out, err
}

// load reads a file of rules, and what it extends.
func (s *scanner) load(path string, extended int) (*config.ViperConfig, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("there are no rules at %s; name the file that holds them", path)
	case err != nil:
		return nil, invalid("%s cannot be read; run this as somebody who may", path)
	}
	rules, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	base := &config.ViperConfig{}
	// gitleaks reads no address, and leaves out without a word what is more than two
	// files away.
	switch x := rules.Extend; {
	case x.URL != "":
		return nil, invalid("%s: extend.url: rules are read from files only; write extend.path", path)
	case x.Path != "" && x.UseDefault:
		return nil, invalid("%s: extend: path and useDefault exclude each other; leave one out", path)
	case x.Path != "" && extended == 2:
		return nil, invalid("%s: extend.path: the third file in a row; put the rules into fewer", path)
	case x.Path != "":
		next := x.Path
		if !filepath.IsAbs(next) {
			next = filepath.Join(s.root, next)
		}
		base, err = s.load(next, extended+1)
	case x.UseDefault:
		base, err = shipped()
	}
	if err != nil {
		return nil, err
	}
	extend(rules, base)
	return rules, nil
}

// shipped are gitleaks' own rules.
func shipped() (*config.ViperConfig, error) {
	return decode("gitleaks' own rules", []byte(config.DefaultConfig))
}

// parse reads the text of a file of rules and checks the regular expressions in it,
// at which the engine would panic.
func parse(name string, text []byte) (*config.ViperConfig, error) {
	out, err := decode(name, text)
	if err != nil {
		return nil, err
	}
	for i := range out.Rules {
		r := &out.Rules[i]
		wrong := errors.Join(compile("regex", r.Regex), compile("path", r.Path))
		for _, a := range r.Allowlists {
			wrong = errors.Join(wrong, compile("allowlist", a.Regexes...), compile("allowlist", a.Paths...))
		}
		if wrong != nil {
			return nil, invalid("%s: rule %q: %v; mend the file", name, r.ID, firstLine(wrong))
		}
	}
	for _, a := range out.Allowlists {
		if err := errors.Join(compile("allowlist", a.Regexes...), compile("allowlist", a.Paths...)); err != nil {
			return nil, invalid("%s: %v; mend the file", name, firstLine(err))
		}
	}
	return out, nil
}

// decode reads rules the way gitleaks does, but into a place of its own: gitleaks keeps
// what it reads in package variables, and goes wrong when it reads twice. Allowlists
// that are written the old way, as one, are brought into the new.
func decode(name string, text []byte) (*config.ViperConfig, error) {
	var syntax *toml.DecodeError
	if err := toml.Unmarshal(text, &map[string]any{}); errors.As(err, &syntax) {
		line, column := syntax.Position()
		return nil, invalid("%s:%d:%d: this is no TOML; mend the file", name, line, column)
	}
	v := viper.New()
	v.SetConfigType("toml")
	out := &config.ViperConfig{}
	if err := errors.Join(v.ReadConfig(bytes.NewReader(text)), v.Unmarshal(out)); err != nil {
		return nil, invalid("%s: these are no rules: %v; mend the file", name, firstLine(err))
	}
	old := out.AllowList //nolint:staticcheck // the old spelling is read, too
	both := old != nil && len(out.Allowlists) > 0
	if old != nil {
		out.Allowlists, out.AllowList = append(out.Allowlists, old), nil //nolint:staticcheck // as above
	}
	for i := range out.Rules {
		r := &out.Rules[i]
		both = both || r.AllowList != nil && len(r.Allowlists) > 0
		if r.AllowList != nil {
			r.Allowlists, r.AllowList = append(r.Allowlists, r.AllowList), nil
		}
	}
	if both {
		return nil, invalid("%s: allowlist is the old word for allowlists, and both are there; keep the new one", name)
	}
	return out, nil
}

// compile checks expressions one by one and as the engine joins them.
func compile(field string, expressions ...string) error {
	joined := "(?:" + strings.Join(expressions, "|") + ")"
	for _, x := range append(slices.Clone(expressions), joined) {
		if _, err := regexp.Compile(x); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	return nil
}

// firstLine keeps an error on one line.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimSpace(line))
}
