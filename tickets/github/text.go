package github

import (
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// keyPattern is what a Key may be. Anything else could end the mark early.
var keyPattern = regexp.MustCompile(`^[A-Za-z0-9./_-]{1,200}$`)

func checkKey(op, key string) error {
	if !keyPattern.MatchString(key) {
		return keyturn.Errorf(keyturn.Invalid, op, "a Key holds letters, digits and ./-_ only, and 1 to 200 of them")
	}
	return nil
}

// mark is the hidden line that says what an issue or a comment is. GitHub shows
// no HTML comment.
func mark(key string) string { return "<!-- keyturn:" + key + " -->" }

var markPattern = regexp.MustCompile(`<!-- keyturn:([A-Za-z0-9./_-]{1,200}) -->`)

// marked returns the Key a text is marked with. The first mark counts: ours
// comes before everything, so that what a ticket quotes cannot pass for one.
func marked(text string) string {
	if m := markPattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// dueMark ends the line that says when an issue is due.
const dueMark = "<!-- keyturn-due -->"

func dueLine(due time.Time) string { return "**Due: " + due.Format(time.DateOnly) + "** " + dueMark }

// bodyOf is the text of a new issue.
func bodyOf(key string, due time.Time, text string) string {
	return redue(mark(key)+"\n\n"+text, due)
}

// redue replaces the line that says when an issue is due, adds one below the
// mark if people removed it, and takes it away if due is zero. Everything else
// stays as it is.
func redue(body string, due time.Time) string {
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		if !strings.Contains(line, dueMark) {
			continue
		}
		if due.IsZero() {
			return strings.Join(append(lines[:i:i], lines[i+1:]...), "\n")
		}
		lines[i] = dueLine(due)
		if strings.HasSuffix(line, "\r") { // as GitHub's editor ends lines
			lines[i] += "\r"
		}
		return strings.Join(lines, "\n")
	}
	if due.IsZero() {
		return body
	}
	if first, rest, ok := strings.Cut(body, "\n"); ok && markPattern.MatchString(first) {
		return first + "\n" + dueLine(due) + "\n" + rest
	}
	return dueLine(due) + "\n\n" + body
}
