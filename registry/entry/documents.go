package entry

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// maxDocument bounds one document. A real entry has about one thousandth of it.
const maxDocument = 1 << 20

// A document is one YAML document of a file.
type document struct {
	line int // of the file, on which text begins
	text []byte
	long bool // text was longer than maxDocument, and is cut
}

// documents splits what r holds at its document markers, "---" and "..." at
// the start of a line, which YAML allows nowhere else. It holds one document
// in memory at a time.
func documents(r io.Reader) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		in := bufio.NewReader(r)
		doc, line, lineStart := document{line: 1}, 1, true
		for {
			chunk, err := in.ReadSlice('\n')
			if lineStart && isMarker(chunk) {
				if !yield(doc, nil) {
					return
				}
				doc = document{line: line}
				chunk = append([]byte("   "), chunk[3:]...) // what follows on the line keeps its column
			}
			if room := maxDocument - len(doc.text); len(chunk) > room {
				doc.long, chunk = true, chunk[:room]
			}
			doc.text = append(doc.text, chunk...)
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				lineStart = false
			case errors.Is(err, io.EOF):
				yield(doc, nil)
				return
			case err != nil:
				yield(doc, err)
				return
			default:
				lineStart = true
				line++
			}
		}
	}
}

func isMarker(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return false
	}
	return len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n"), line[3]) >= 0
}

// isBlank reports whether a document holds nothing but space and comments.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
