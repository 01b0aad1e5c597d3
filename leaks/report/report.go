// Package report reads a scanner's report, whichever scanner wrote it.
package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/detectsecrets"
	"github.com/keyturn/keyturn/leaks/gitleaks"
	"github.com/keyturn/keyturn/leaks/trufflehog"
)

const op = "report: read"

// The formats.
const (
	Gitleaks      = "gitleaks"
	SARIF         = "sarif" // of gitleaks or any other scanner
	TruffleHog    = "trufflehog"
	DetectSecrets = "detect-secrets"
)

var readers = map[string]func(io.Reader) iter.Seq2[leaks.Finding, error]{
	Gitleaks:      gitleaks.Read,
	SARIF:         gitleaks.ReadSARIF,
	TruffleHog:    trufflehog.Read,
	DetectSecrets: detectsecrets.Read,
}

// Formats are the formats that can be read.
func Formats() []string { return []string{Gitleaks, SARIF, TruffleHog, DetectSecrets} }

// Read returns the format of a report and its findings, which it reads once, as they
// are asked for; iteration stops after the first error. An empty format is found out
// from how the report begins. A format that is none, a report whose format cannot be
// told, and an empty one are Invalid, except that TruffleHog writes nothing when it
// found nothing. No error quotes the report.
func Read(r io.Reader, format string) (string, iter.Seq2[leaks.Finding, error], error) {
	if format != "" && !slices.Contains(Formats(), format) {
		return "", nil, keyturn.Errorf(keyturn.Invalid, op, "there is no such format; name one of: %s", strings.Join(Formats(), ", "))
	}
	in := bufio.NewReaderSize(r, most)
	head, err := in.Peek(most)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, fmt.Errorf("%s: the report cannot be read: %w", op, err)
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return "", nil, keyturn.Errorf(keyturn.Invalid, op, "the report is UTF-16, as PowerShell redirects output; write it as UTF-8, or let the scanner write the file")
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(head, mark) {
		head = head[len(mark):]
		_, _ = in.Discard(len(mark)) // it was peeked at
	}
	switch {
	case format == TruffleHog:
	case len(bytes.TrimSpace(head)) == 0:
		return "", nil, keyturn.Errorf(keyturn.Invalid, op,
			"the report is empty, so the scan did not end well; run it again (if TruffleHog found nothing, that is all it writes: name the format %s)", TruffleHog)
	case format == "":
		if format = guess(head); format == "" {
			return "", nil, keyturn.Errorf(keyturn.Invalid, op, "the report is in no known format; name the one it has (%s), or let the scanner write one of them",
				strings.Join(Formats(), ", "))
		}
	}
	return format, readers[format](in), nil
}
