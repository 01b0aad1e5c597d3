package all_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const head = `# Providers

<!-- Written by: go test ./providers/all -run TestTable -update -->

What each provider can do is found by asking its type; nobody declares it. What
it cannot do, a person does by hand, or Keyturn does without: see
[below](#what-happens-without). Each provider's page has what to grant, limits,
and where they are documented.

`

// markdown is docs/providers.md.
func markdown(listings []listing) string {
	var b strings.Builder
	b.WriteString(head)
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	each := func(do func(name string, k kind)) {
		for _, l := range listings {
			for _, k := range l.Cases {
				name := fmt.Sprintf("[%s](../%s)", l.Name, l.Page)
				if k.When != "" {
					name += ", " + k.When
				}
				do(name, k)
			}
		}
	}
	var columns, line []string
	for _, w := range without() {
		columns, line = append(columns, strings.ReplaceAll(w.Can, "-", " ")), append(line, ":-:")
	}
	row(append([]string{"Provider"}, columns...)...)
	row(append([]string{"---"}, line...)...)
	each(func(name string, k kind) {
		cells := []string{name}
		for _, w := range without() {
			mark := " "
			if slices.Contains(k.Can, w.Can) {
				mark = "●"
			}
			cells = append(cells, mark)
		}
		row(cells...)
	})
	b.WriteString("\n## Limits\n\n" +
		"Slots are how many keys one principal may hold at once. With labels an orphan is\n" +
		"known by its name, without by not having been there before. A change may take the\n" +
		"settling time to be believed; until then a refusal means \"not yet\".\n\n")
	row("Provider", "Keys", "Slots", "Labels", "Settles in", "Last use lags by")
	row("---", "---", "---", "---", "---", "---")
	each(func(name string, k kind) {
		slots, labels, lag := "no limit", "no", "–"
		if k.MaxLive > 0 {
			slots = fmt.Sprint(k.MaxLive)
		}
		if k.Labels {
			labels = "yes"
		}
		if k.UsageLag != "" {
			lag = k.UsageLag
		}
		row(name, fmt.Sprintf("[%s](%s)", k.Title, k.Docs), slots, labels, k.Settle, lag)
	})
	b.WriteString("\n## What happens without\n\n")
	row("Without", "")
	row("---", "---")
	for _, w := range without() {
		row(w.Can, w.Then)
	}
	return b.String()
}

// encode is starter/providers.json.
func encode(t *testing.T, listings []listing) string {
	t.Helper()
	then := map[string]string{}
	for _, w := range without() {
		then[w.Can] = w.Then
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(struct {
		Written   string            `json:"written_by"`
		Without   map[string]string `json:"without"`
		Providers []listing         `json:"providers"`
	}{"go test ./providers/all -run TestTable -update", then, listings}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// short writes a time without its empty parts: 1m, and not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if d == 0 {
		return "0s"
	}
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
