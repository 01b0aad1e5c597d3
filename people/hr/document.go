package hr

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func encode(m registry.Member, document any, now time.Time) (registry.Member, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return m, keyturn.Errorf(keyturn.Invalid, op, "a document cannot be written as JSON")
	}
	m.Document, m.Changed = text, now.UTC().Truncate(time.Microsecond)
	return m, nil
}

// decode reads a document strictly: what a list of staff never wrote would be lost.
func decode(m registry.Member, document any) error {
	d := json.NewDecoder(bytes.NewReader(m.Document))
	d.DisallowUnknownFields()
	if d.Decode(document) != nil {
		return foreign(m)
	}
	return nil
}

func foreign(m registry.Member) error {
	return keyturn.Errorf(keyturn.Invalid, op, "directory %s holds a %s that no list of staff wrote; import into a directory of its own", m.Directory, m.Kind)
}
