package scan

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

var update = flag.Bool("update", false, "write golden files anew")

func rulesFor(t *testing.T, providers []string, c Custom) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteRules(&b, providers, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWriteRules keeps the file in step with testdata/rules.toml.
func TestWriteRules(t *testing.T) {
	t.Parallel()
	c := custom(Rule{ID: "quoted", Regex: `it's '''\s"quoted"\x60`, SecretGroup: 0, Entropy: 2.5})
	c.Allow = Allow{Paths: []string{"^demo/"}, Regexes: []string{"^acme_test_"}, StopWords: []string{"example"}}
	got := rulesFor(t, []string{"stripe", "aws", "datadog", "acme", "sendgrid", "nobody", "aws"}, c)
	if again := rulesFor(t, []string{"nobody", "sendgrid", "acme", "aws", "datadog", "stripe"}, c); again != got {
		t.Errorf("another order makes another file:\n%s", cmp.Diff(got, again))
	}
	const golden = "testdata/rules.toml"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-file +now); write it anew with: go test ./scan -update\n%s", diff)
	}
	if err := WriteRules(&bytes.Buffer{}, nil, Custom{Rules: []Rule{{ID: "x", Regex: "("}}}); err == nil {
		t.Error("a mistake is written")
	}
}

// planted are values in the formats of vendors, put together here.
func planted() map[string][]string {
	hex, letters := "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "k3V9q0X7m2P5t8W1c4Z6b0N3r7Y2d5F8"
	return map[string][]string{
		"aws":     {"AKIA" + "Y3FDAPRQ6TLM2ZEW", `"SecretAccessKey": "` + letters + `/aB+cD9E"`, "aws_secret_access_key = " + letters + "abcdefgh"},
		"datadog": {"DD_API_KEY=" + hex, "datadog_app_key: " + hex + "01234567", "ddpat_" + letters, "ddapp_" + letters},
		"entra":   {"secret: aB1" + "8Q~" + letters + "x"},
		"gcp":     {"AIza" + "Sy" + letters + "x"},
		"github":  {"ghp_" + letters + "abcd", "ghs_" + "12345_eyJhbGciOiJSUzI1.eyJpc3MiOiIx." + letters},
		"gitlab":  {"glpat-" + letters[:20]},
		"okta":    {"okta_token = 00" + letters + "abcdefgh", "OKTA_CLIENT_SECRET=" + letters + "abcdefgh"},
		"openai":  {"sk-" + "proj-" + strings.Repeat(letters, 3)[:74] + "T3Blbk" + "FJ" + strings.Repeat(letters, 3)[:74]},
		"stripe":  {key(""), "rk_" + "live_" + letters},
		"twilio":  {"SK" + hex, "TWILIO_API_SECRET=" + letters, "twilio_auth_token: " + hex},
	}
}

// TestVendors: with the rules that are written, keys of every provider are found, and
// the rule says whose they are.
func TestVendors(t *testing.T) {
	t.Parallel()
	theirs, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	for provider, v := range vendors() {
		for _, id := range v.gitleaks {
			found := false
			for _, r := range theirs.Rules {
				found = found || r.ID == id
			}
			if !found {
				t.Errorf("%s: gitleaks has no rule %s", provider, id)
			}
		}
		if err := (Custom{Rules: v.rules}).Check(); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
		f := newFolder(t)
		f.write(".gitleaks.toml", rulesFor(t, []string{provider}, Custom{}))
		if len(planted()[provider]) == 0 {
			t.Errorf("%s: nothing is planted", provider)
		}
		for i, text := range planted()[provider] {
			f.write(fmt.Sprint(i), text+"\n")
		}
		found := f.scan(Request{What: Directory}).Findings
		for i, text := range planted()[provider] {
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Provider == provider && f.File == fmt.Sprint(i) }) {
				t.Errorf("%s: %.12s… is not found as one of its keys: %+v", provider, text, found)
			}
		}
	}
}

// TestGitleaksItself: gitleaks reads what is written, with its own reader, and finds
// the same. It runs in a program of its own: that reader keeps things in package
// variables.
func TestGitleaksItself(t *testing.T) {
	const dir = "KEYTURN_TEST_GITLEAKS"
	if at := os.Getenv(dir); at != "" {
		if err := gitleaks(at); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	f := newFolder(t)
	f.write(".gitleaks.toml", rulesFor(t, []string{"datadog", "acme"}, custom()))
	text := acme("") + "\n" + key("") + "\n" + planted()["datadog"][0] + "\n"
	f.write("a", text)
	cmd := exec.Command(os.Args[0], "-test.run=^TestGitleaksItself$", "-test.v=false")
	cmd.Env, cmd.Dir = append(cmd.Environ(), dir+"="+f.dir), f.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var theirs []string
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&theirs); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(f.found(Request{What: Directory}), theirs); diff != "" || len(theirs) != 3 {
		t.Errorf("findings (-ours +gitleaks'):\n%s", diff)
	}
}

// gitleaks reads the rules in a folder as the gitleaks command does, and prints the
// fingerprints of what it finds in the file a.
func gitleaks(dir string) error {
	viper.SetConfigType("toml")
	viper.SetConfigFile(dir + "/.gitleaks.toml")
	if err := viper.ReadInConfig(); err != nil {
		return err
	}
	var vc config.ViperConfig
	if err := viper.Unmarshal(&vc); err != nil {
		return err
	}
	cfg, err := vc.Translate()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(dir + "/a")
	if err != nil {
		return err
	}
	d := detect.NewDetector(cfg)
	for _, f := range d.Detect(detect.Fragment{Raw: string(text), FilePath: "a", StartLine: 1}) {
		d.AddFinding(f)
	}
	var out []string
	for _, f := range d.Findings() {
		out = append(out, f.Fingerprint)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(a[len(a)-1:], b[len(b)-1:]) })
	return json.NewEncoder(os.Stdout).Encode(out)
}
