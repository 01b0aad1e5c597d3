package dispatch_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
)

func read(text string) (dispatch.Config, error) {
	var c dispatch.Config
	err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict())
	return c, err
}

const routed = `
channels:
  mail: {kind: smtp}
  chat: {kind: slack}
`

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := read(routed + `
routes:
  owner: mail
  teams:
    payments: [{channel: mail, to: pay@example.com}, {channel: chat}]
    default: [{channel: chat}]
  security: [{channel: mail, to: security@example.com}]
digest: 30m
digest_lines: 50
quiet_hours: {from: 20:00, to: "07:00", zone: Europe/Berlin, weekends: true}
ahead: [1d, 30d, 7d]
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	day := keyturn.Duration(24 * time.Hour)
	if diff := cmp.Diff([]keyturn.Duration{30 * day, 7 * day, day}, c.WithDefaults().Ahead); diff != "" {
		t.Error(diff)
	}
	if *c.Digest != keyturn.Duration(30*time.Minute) || c.QuietHours.From != "20:00" || c.Routes.Teams["payments"][1].Channel != "chat" {
		t.Errorf("read %+v", c)
	}
	none, err := read("digest: 0s\nahead: []\n")
	if err != nil || none.Check() != nil {
		t.Fatal(err, none.Check())
	}
	if d := none.WithDefaults(); *d.Digest != 0 || len(d.Ahead) != 0 || d.DigestLines != 20 {
		t.Errorf("off is %v and %v", *d.Digest, d.Ahead)
	}
	if d := (dispatch.Config{}).WithDefaults(); *d.Digest != keyturn.Duration(time.Hour) || len(d.Ahead) != 1 || d.Ahead[0] != 7*day {
		t.Errorf("the defaults are %v and %v", *d.Digest, d.Ahead)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	needs := newWorld(t).needs()
	for text, want := range map[string]string{
		"channels: {mail: {settings: {host: x}}}":                             "notices.channels.mail: kind is required",
		"routes: {owner: mail}":                                               `notices.routes.owner: no channel is called "mail"`,
		routed + "routes: {owner: chat}":                                      "notices.routes.owner: channel \"chat\" leads to one place",
		routed + "routes: {teams: {payments: [{channel: pager}]}}":            `notices.routes.teams.payments[0]: no channel is called "pager"`,
		routed + "routes: {teams: {payments: [{channel: mail, to: pay}]}}":    "notices.routes.teams.payments[0]: to: ",
		routed + "routes: {security: [{channel: mail}]}":                      "notices.routes.security[0]: to: ",
		routed + "routes: {security: [{channel: chat, to: ops@example.com}]}": "notices.routes.security[0]: to: ",
		"digest: 5s":                                "notices.digest: must be",
		"digest: 48h":                               "notices.digest: must be",
		"digest_lines: -1":                          "notices.digest_lines: must be",
		"ahead: [7d, 168h]":                         "notices.ahead: 7d must be",
		"ahead: [1m]":                               "notices.ahead: 1m0s must be",
		"quiet_hours: {}":                           "notices.quiet_hours: set from and to, or weekends",
		"templates: /nowhere":                       "notices.templates: ",
		`quiet_hours: {from: "20:00"}`:              `notices.quiet_hours.to: "" is not a time of day`,
		`quiet_hours: {from: "8pm", to: "07:00"}`:   `notices.quiet_hours.from: "8pm" is not`,
		`quiet_hours: {from: "07:00", to: "07:00"}`: "are the same",
		`quiet_hours: {from: "20:00", to: "07:00", zone: Middle/Earth}`: `notices.quiet_hours.zone: "Middle/Earth" is not`,
		`quiet_hours: {from: "20:00", to: "07:00", zone: Local}`:        `notices.quiet_hours.zone: "Local" is not`,
	} {
		c, err := read(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, err = dispatch.New(c, needs)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	if _, err := read("digests: 1h"); err == nil {
		t.Error("an unknown field is taken")
	}
	c, _ := read("digest: 5s\ndigest_lines: -1\nroutes: {owner: mail}")
	if err := c.Check(); strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not every mistake is named: %v", err)
	}
}

func TestOpenChannels(t *testing.T) {
	t.Parallel()
	factory := notices.Factory{Name: "smtp", New: func(env notices.Env) (notices.Channel, error) {
		var s struct {
			Host string `json:"host"`
		}
		if err := env.Decode(&s); err != nil || s.Host == "" {
			return nil, errors.New("smtp: settings: host is missing")
		}
		return &post{addressed: true}, nil
	}}
	env := func(_ string, settings map[string]any) notices.Env {
		return notices.Env{HTTP: http.DefaultClient, Decode: func(v any) error {
			b, err := json.Marshal(settings)
			if err != nil {
				return err
			}
			return json.Unmarshal(b, v)
		}}
	}
	c, err := read("channels: {good: {kind: smtp, settings: {host: relay}}, bare: {kind: smtp}, odd: {kind: pigeon}}")
	if err != nil {
		t.Fatal(err)
	}
	open, err := c.Open([]notices.Factory{factory}, env)
	if err == nil || open["good"] == nil || len(open) != 1 {
		t.Fatalf("opened %v, %v", open, err)
	}
	for _, want := range []string{"notices.channels.bare: smtp: settings: host is missing", `notices.channels.odd: there is no kind "pigeon"; the kinds are smtp`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// TestGuide holds the example in docs/notices.md to what is read, and its table
// of templates to what there is.
func TestGuide(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	var c struct {
		Notices dispatch.Config `yaml:"notices"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(example), &c, yaml.Strict()); err != nil || !ok {
		t.Fatal(err)
	}
	if err := c.Notices.Check(); err != nil {
		t.Error(err)
	}
	if len(c.Notices.Channels) != 3 || len(c.Notices.Routes.Security) != 2 || !c.Notices.QuietHours.Weekends {
		t.Errorf("read %+v", c.Notices)
	}
	files, err := filepath.Glob("wording/*.tmpl")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.Contains(string(b), "`"+filepath.Base(f)+"`") {
			t.Errorf("docs/notices.md does not name %s", filepath.Base(f))
		}
	}
	for _, facts := range []any{dispatch.Facts{}, dispatch.Digest{}, dispatch.Tally{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(facts)) {
			if !strings.Contains(string(b), "`."+f.Name+"`") {
				t.Errorf("docs/notices.md does not name .%s", f.Name)
			}
		}
	}
}
