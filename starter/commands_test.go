package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// walk visits every command.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		walk(c, visit)
	}
}

func testRoot() *cobra.Command {
	return newRootCmd(newApp(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}, environment{}))
}

// TestCommandsAreComplete: every command explains itself and checks what it is
// given.
func TestCommandsAreComplete(t *testing.T) {
	t.Parallel()
	n := 0
	walk(testRoot(), func(c *cobra.Command) {
		n++
		path := c.CommandPath()
		switch {
		case c.Short == "" || strings.HasSuffix(c.Short, "."):
			t.Errorf("%s: Short must be a phrase without a full stop: %q", path, c.Short)
		case len(c.Short) > 70:
			t.Errorf("%s: Short is longer than 70: %q", path, c.Short)
		case c.Long == "":
			t.Errorf("%s: no Long", path)
		case c.Args == nil:
			t.Errorf("%s: arguments are not checked", path)
		case c.RunE == nil:
			t.Errorf("%s: does nothing", path)
		}
		for line := range strings.Lines(c.Long) {
			if len([]rune(line)) > 90 {
				t.Errorf("%s: a line of Long is too wide: %q", path, line)
			}
		}
		for line := range strings.Lines(c.Example) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, path) {
				t.Errorf("%s: an example is not indented or of another command: %q", path, line)
			}
		}
		if c.Example == "" {
			t.Errorf("%s: no Example", path)
		}
		if !c.HasSubCommands() && strings.Contains(c.Use, "KEY") && c.ValidArgsFunction == nil {
			t.Errorf("%s: key ids are not completed", path)
		}
	})
	if n != 84 {
		t.Errorf("%d commands visited, want 84; a new one is counted here", n)
	}
}

// TestExamplesParse: every example is a command line that exists.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(` --?([a-z-]+)`)
	walk(testRoot(), func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			line, _, _ = strings.Cut(line, "|")
			words := strings.Fields(line)
			for len(words) > 0 && words[0] != "keyturn" {
				words = words[1:]
			}
			if len(words) == 0 {
				continue
			}
			found, _, err := testRoot().Find(strings.Fields(strings.TrimSuffix(strings.Join(words[1:], " "), ")")))
			if err != nil {
				t.Errorf("%q: %v", line, err)
				continue
			}
			for _, m := range flag.FindAllStringSubmatch(line, -1) {
				if found.Flags().Lookup(m[1]) == nil && found.InheritedFlags().Lookup(m[1]) == nil {
					t.Errorf("%q: no flag --%s", line, m[1])
				}
			}
		}
	})
}

// TestNothingPanicsWithoutConfiguration runs every command with and without
// arguments where there is nothing at all.
func TestNothingPanicsWithoutConfiguration(t *testing.T) {
	t.Parallel()
	walk(testRoot(), func(c *cobra.Command) {
		for _, args := range [][]string{nil, {"x"}, {"x", "y"}, {"--yes", "x"}, {"--for", "1h", "x"}, {"--dry-run", "x"}, {"--dir", "", "-o", "json"}} {
			words := append(strings.Fields(c.CommandPath())[1:], args...)
			t.Run(strings.Join(words, " "), func(t *testing.T) {
				t.Parallel()
				var out, errs bytes.Buffer
				a := newApp(strings.NewReader(""), &out, &errs, environment{ConfigFile: "/nonexistent/keyturn.yaml"})
				code := run(t.Context(), a, words)
				if code != exitOK && (strings.Count(errs.String(), "\n") != 1 || !strings.HasPrefix(errs.String(), "keyturn: ")) {
					t.Errorf("exit code %d, and standard error is not one line:\n%s", code, &errs)
				}
			})
		}
	})
}

func TestNoConfigurationIsAUsageError(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"keys list", "rotate x", "watch x", "approve x", "registry apply x", "registry diff x", "registry export", "revoke x --yes"} {
		var out, errs bytes.Buffer
		a := newApp(strings.NewReader(""), &out, &errs, environment{ConfigFile: "/nonexistent/keyturn.yaml"})
		if code := run(t.Context(), a, strings.Fields(args)); code != exitUsage || !strings.Contains(errs.String(), "--config FILE") {
			t.Errorf("%s: exit code %d: %s", args, code, &errs)
		}
	}
}

// TestReference keeps docs/cli.md in step with the commands.
func TestReference(t *testing.T) {
	t.Parallel()
	golden(t, "../docs/cli.md", reference(t))
}

func reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The keyturn command\n\nThis page is written by `go test ./starter -run TestReference -update` from the commands themselves.\n\n")
	b.WriteString(exitCodesTable())
	anchor := func(file string) string {
		return "#" + strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-")
	}
	walk(testRoot(), func(c *cobra.Command) {
		c.DisableAutoGenTag = true
		c.Long = strings.ReplaceAll(c.Long, exitCodesHelp, "See [exit codes](#exit-codes).")
		var page bytes.Buffer
		if err := doc.GenMarkdownCustom(c, &page, anchor); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n" + strings.TrimSpace(strings.ReplaceAll(page.String(), "\t", " ")) + "\n")
	})
	return b.String()
}

// exitCodesTable is the table of exit codes, from the text that help prints.
func exitCodesTable() string {
	var b strings.Builder
	b.WriteString("## Exit codes\n\n| Code | Meaning |\n|---|---|\n")
	for _, line := range strings.Split(exitCodesHelp, "\n")[1:] {
		code, meaning, _ := strings.Cut(strings.TrimSpace(line), " ")
		fmt.Fprintf(&b, "| %s | %s |\n", code, strings.TrimSpace(meaning))
	}
	return b.String()
}
