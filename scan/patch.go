package scan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
)

// commitFormat begins a commit: a byte that no other line outside a hunk begins with,
// the commit, and when its author made it.
const commitFormat = "%x00%H %aI"

// An addition is a run of lines that a change adds to a file.
type addition struct {
	commit, date string // empty for what is staged
	file         string
	line         int // of the first, from 1
	text         string
}

// A patch reads what "git log" and "git diff" print with diffArgs. It counts the lines
// of a hunk, so that nothing in a file is taken for the beginning of another.
type patch struct {
	r            *bufio.Reader
	commit, file func() // called at each

	now addition
}

var errPatch = keyturn.Errorf(keyturn.Unavailable, "scan", "what git prints is not understood; is this git 2.28 or newer?")

func (p *patch) read(yield func(addition) error) error {
	for {
		line, err := p.line()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case line[0] == 0:
			p.now.commit, p.now.date, _ = strings.Cut(strings.TrimSpace(string(line[1:])), " ")
			p.now.file = ""
			p.commit()
		case bytes.HasPrefix(line, []byte("+++ ")):
			if p.now.file, err = fileName(string(line[4:])); err != nil {
				return err
			}
			p.file()
		case bytes.HasPrefix(line, []byte("@@")):
			if err := p.hunk(string(line), yield); err != nil {
				return err
			}
		}
	}
}

// line returns the next line with its end.
func (p *patch) line() ([]byte, error) {
	line, err := p.r.ReadBytes('\n')
	if len(line) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

// fileName reads the name in a line "+++ b/name". Git quotes names with characters
// such as a quote in them, and ends those with a space in them with a tab.
func fileName(s string) (string, error) {
	s = strings.TrimSuffix(strings.TrimRight(s, "\r\n"), "\t")
	if strings.HasPrefix(s, `"`) {
		plain, err := strconv.Unquote(s)
		if err != nil {
			return "", errPatch
		}
		s = plain
	}
	name, ok := strings.CutPrefix(s, "b/")
	if !ok {
		return "", errPatch // deletions, whose name is /dev/null, are not asked for
	}
	return name, nil
}

// A span is what is still to come of a hunk: lines of each parent, and of the result.
type span struct {
	parents []int
	result  int
}

func (s span) over() bool {
	for _, n := range s.parents {
		if n > 0 {
			return false
		}
	}
	return s.result <= 0
}

// hunk reads a hunk. That of a merge has a column of signs for each parent; only what
// is new to all of them is an addition.
func (p *patch) hunk(header string, yield func(addition) error) error {
	left, at, err := parseHeader(header)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	flush := func() error {
		if text.Len() == 0 {
			return nil
		}
		a := p.now
		a.text = text.String()
		text.Reset()
		return yield(a)
	}
	for !left.over() {
		line, err := p.line()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case err != nil || len(line) < len(left.parents):
			return errPatch
		case line[0] == '\\':
			continue // no newline at the end of the file
		}
		signs := line[:len(left.parents)]
		if len(bytes.Trim(signs, " +-")) > 0 {
			return errPatch
		}
		gone := bytes.IndexByte(signs, '-') >= 0
		for i, sign := range signs {
			if gone && sign == '-' || !gone && sign == ' ' {
				left.parents[i]--
			}
		}
		if gone {
			continue
		}
		left.result--
		if added := bytes.Count(signs, []byte("+")) == len(signs); !added {
			if err := flush(); err != nil {
				return err
			}
		} else {
			if text.Len() == 0 {
				p.now.line = at
			}
			text.Write(line[len(signs):])
		}
		at++
	}
	return flush()
}

// parseHeader reads "@@ -1,2 +3,4 @@", which has one more @ and one more range for
// each further parent.
func parseHeader(s string) (left span, first int, err error) {
	n := len(s) - len(strings.TrimLeft(s, "@")) - 1
	words := strings.Fields(s)
	if n < 1 || len(words) < n+2 {
		return span{}, 0, errPatch
	}
	for i, w := range words[1 : n+2] {
		start, lines, err := parseRange(w[1:])
		switch {
		case err != nil || i < n && w[0] != '-' || i == n && w[0] != '+':
			return span{}, 0, errPatch
		case i == n:
			first, left.result = start, lines
		default:
			left.parents = append(left.parents, lines)
		}
	}
	return left, first, nil
}

// parseRange reads "3,4", or "3" for one line.
func parseRange(s string) (start, lines int, err error) {
	from, count, ok := strings.Cut(s, ",")
	if !ok {
		count = "1"
	}
	start, err = strconv.Atoi(from)
	if err != nil {
		return 0, 0, err
	}
	lines, err = strconv.Atoi(count)
	return start, lines, err
}
