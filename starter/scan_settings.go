package main

import (
	"errors"
	"io/fs"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/scan"
)

// scanSettings is the section scan of the configuration file.
type scanSettings struct {
	Rules []scanRule `yaml:"rules"`
	Allow scanAllow  `yaml:"allow"`
}

// scanRule is a format of the organisation's own; see scan.Rule.
type scanRule struct {
	ID          string   `yaml:"id"`
	Description string   `yaml:"description"`
	Regex       string   `yaml:"regex"`
	Keywords    []string `yaml:"keywords"`
	Entropy     float64  `yaml:"entropy"`
	SecretGroup int      `yaml:"secret_group"`
	Provider    string   `yaml:"provider"`
}

type scanAllow struct {
	Paths     []string `yaml:"paths"`
	Regexes   []string `yaml:"regexes"`
	StopWords []string `yaml:"stopwords"`
}

// customRules are the rules of the configuration. Without a configuration there are
// none: a hook on a laptop has none.
func (a *app) customRules() (scan.Custom, error) {
	path, err := a.configPath()
	var unreadable *fs.PathError
	if err != nil && !errors.As(err, &unreadable) {
		return scan.Custom{}, nil
	}
	s, err := a.load()
	if err != nil {
		return scan.Custom{}, err
	}
	custom := scan.Custom{Allow: scan.Allow(s.Scan.Allow)}
	for _, r := range s.Scan.Rules {
		custom.Rules = append(custom.Rules, scan.Rule(r))
	}
	var mistake *keyturn.Error
	if errors.As(custom.Check(), &mistake) {
		return scan.Custom{}, usagef("%s: scan.%s; mend the file", path, mistake.Message)
	}
	return custom, nil
}
