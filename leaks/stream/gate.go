package stream

import (
	"encoding/json"
	"errors"
	"io"
)

var errTooLong = errors.New("a value is too long")

// A gate lets no more through than until.
type gate struct {
	r           io.Reader
	read, until int64
	err         error
}

func (g *gate) Read(p []byte) (int, error) {
	if g.err == nil && g.read >= g.until {
		g.err = errTooLong
	}
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p[:min(int64(len(p)), g.until-g.read)])
	g.read += int64(n)
	g.err = err
	return n, err
}

// broke reports whether the reader failed.
func (g *gate) broke() bool {
	return g.err != nil && !errors.Is(g.err, io.EOF) && !errors.Is(g.err, errTooLong)
}

// Reason says why JSON could not be decoded. Unlike err it quotes nothing: the name of
// a field is the program's own.
func Reason(err error) string {
	kind := new(json.UnmarshalTypeError)
	switch {
	case errors.Is(err, errTooLong):
		return "is longer than 10 MiB"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the report was cut short"
	case errors.As(err, &kind) && kind.Field != "":
		return kind.Field + " is of the wrong kind"
	case errors.As(err, &kind):
		return "is of the wrong kind"
	}
	return "is not JSON"
}
