package sqlite

import (
	"fmt"
	"time"
)

// timeFormat sorts as text.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// moment is how a time is stored; nil is none.
func moment(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(timeFormat)
}

// An instant reads what moment wrote; zero is none.
type instant struct{ time.Time }

// Scan implements [database/sql.Scanner].
func (i *instant) Scan(stored any) (err error) {
	switch stored := stored.(type) {
	case nil:
		i.Time = time.Time{}
	case string:
		i.Time, err = time.Parse(timeFormat, stored)
	default:
		err = fmt.Errorf("a time is stored as a %T", stored)
	}
	return err
}
