package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/report"
)

// TestFindingsInOrder: in the order of places, each once, whatever order they are
// found in.
func TestFindingsInOrder(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	var want []string
	for _, file := range []string{"a", "b", "c", "d"} {
		f.write(file, fmt.Sprintf("%s %s\n%s\n%s %[1]s\n", key("1"), key("2"), key("3"), key("1")))
		for _, line := range []int{1, 1, 2, 3, 3} {
			want = append(want, fmt.Sprintf("%s:stripe-access-token:%d", file, line))
		}
	}
	f.wants(Request{What: Directory}, want...)
}

// TestEncoded: what is encoded is found, where the encoded text begins.
func TestEncoded(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a", "one\nvalue: "+base64.StdEncoding.EncodeToString([]byte("key = "+key("")+"\n"))+"\n")
	out := f.scan(Request{What: Directory})
	if len(out.Findings) != 1 || out.Findings[0].Line != 2 || !out.Findings[0].Value.Equal(secret(key(""))) {
		t.Errorf("%+v", out.Findings)
	}
}

// TestValuesDoNotShow: however a result is printed, and whatever a file is called.
func TestValuesDoNotShow(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write(key(""), acme("")+"\n")
	f.write("a", key("")+"\n")
	f.commit()
	for _, what := range []What{Directory, Tracked, History} {
		out := f.scan(Request{What: what, Custom: custom()})
		if len(out.Findings) != 2 {
			t.Fatalf("%s: %d findings", what, len(out.Findings))
		}
		for _, text := range []string{fmt.Sprint(out), fmt.Sprintf("%+v", out), fmt.Sprintf("%#v", out)} {
			if strings.Contains(text, key("")) || strings.Contains(text, acme("")) {
				t.Errorf("%s: a value shows:\n%s", what, text)
			}
		}
		if got := out.Findings[0].File; got != "[secret]" {
			t.Errorf("%s: the file is called %s", what, got)
		}
	}
}

// TestWriteReport: gitleaks' own type reads it, with the values and no names of people.
func TestWriteReport(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write(key(""), "x: "+key("")+"\n")
	first := f.commit()
	var b bytes.Buffer
	if err := WriteReport(&b, f.scan(Request{What: History}).Findings); err != nil {
		t.Fatal(err)
	}
	var got []report.Finding
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, &b)
	}
	if len(got) != 1 {
		t.Fatalf("%d findings", len(got))
	}
	want := report.Finding{
		RuleID: "stripe-access-token", Description: got[0].Description, StartLine: 1, EndLine: 1, StartColumn: 4, EndColumn: 35, Match: key(""),
		Secret: key(""), File: key(""), Commit: first, Entropy: got[0].Entropy, Date: "2026-04-01T10:00:00Z", Tags: []string{}, Fingerprint: first + ":" + key("") + ":stripe-access-token:1",
	}
	if diff := cmp.Diff(want, got[0], cmp.Comparer(func(a, b report.Finding) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	b.Reset()
	if err := WriteReport(&b, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("nothing is %q, %v", &b, err)
	}
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a", key("a")+"\n")
	f.write("b", key("b")+"\n")
	var with bytes.Buffer
	if err := WriteReport(&with, f.scan(Request{What: Directory}).Findings); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"with values":    with.String(),
		"redacted":       strings.ReplaceAll(with.String(), key(""), "REDACTED"),
		"partly":         `[{"Fingerprint": "a:stripe-access-token:1", "Secret": "sk_..."}, {"Fingerprint": "b:stripe-access-token:1", "Secret": "sk_..."}]`,
		"without values": `{"scanned": 2, "findings": [{"fingerprint": "a:stripe-access-token:1"}, {"fingerprint": "b:stripe-access-token:1"}]}`,
	} {
		if name == "redacted" {
			text = strings.NewReplacer("REDACTEDa", "REDACTED", "REDACTEDb", "REDACTED").Replace(text)
		}
		f.write("known.json", text)
		f.wants(Request{What: Directory, Baseline: f.dir + "/known.json"})
	}
	// Another value at the same place is news, if the baseline says which was there.
	f.write("known.json", with.String())
	f.write("b", key("c")+"\n")
	f.wants(Request{What: Directory, Baseline: f.dir + "/known.json"}, "b:stripe-access-token:1")
	f.write("known.json", "[]")
	f.wants(Request{What: Directory, Baseline: f.dir + "/known.json"}, "a:stripe-access-token:1", "b:stripe-access-token:1")

	for _, text := range []string{"", "none", `[{"Secret": "x"}]`, `[5]`} {
		f.write("known.json", text)
		refuses(t, Request{What: Directory, Path: f.dir, Baseline: f.dir + "/known.json"}, "known.json", "keyturn scan git --output json")
	}
	if err := os.Remove(f.dir + "/known.json"); err != nil {
		t.Fatal(err)
	}
	refuses(t, Request{What: Directory, Path: f.dir, Baseline: f.dir + "/known.json"}, "cannot be read; name another with --baseline FILE")
}

// TestAllowedLine: gitleaks:allow is for its own line, also where the last has no end.
func TestAllowedLine(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", "x # gitleaks:allow\n"+key(""))
	f.git("add", "a")
	for _, what := range []What{Directory, Tracked, Staged} {
		f.wants(Request{What: what}, "a:stripe-access-token:2")
	}
}

// TestColumns: the first line, a later one, and one without an end.
func TestColumns(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a", "k: "+key("1")+" "+key("2")+"\n\nkey: "+key("3")+"\n"+key("4")+"\n  "+key("5"))
	var got []int
	for _, found := range f.scan(Request{What: Directory}).Findings {
		got = append(got, found.Column)
	}
	if diff := cmp.Diff([]int{4, 38, 6, 1, 3}, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}
