package stream

import (
	"errors"
	"iter"

	"github.com/keyturn/keyturn/leaks"
)

var errStop = errors.New("no more is wanted")

// Findings yields what read emits, and its error last. read returns at once with what
// emit returned if that is an error.
func Findings(read func(emit func(leaks.Finding) error) error) iter.Seq2[leaks.Finding, error] {
	return func(yield func(leaks.Finding, error) bool) {
		err := read(func(f leaks.Finding) error {
			if !yield(f, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(leaks.Finding{}, err)
		}
	}
}
