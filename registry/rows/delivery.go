package rows

import (
	"time"

	"github.com/keyturn/keyturn"
)

// KeepDeliveries is how long deliveries are kept.
const KeepDeliveries = 30 * 24 * time.Hour

// PruneDeliveries is the most that recording one delivery forgets of those that
// are too old. There is an index on their times, so the look costs next to
// nothing where there are none; and with more than one for each that comes, what
// has piled up goes away without any call taking long.
const PruneDeliveries = 100

// CheckDelivery refuses what does not name a delivery.
func CheckDelivery(op, source, id string) error {
	switch {
	case source == "" || id == "":
		return keyturn.Errorf(keyturn.Invalid, op, "a delivery needs a source and an id")
	case !storable(source, id):
		return keyturn.Errorf(keyturn.Invalid, op, "the name of a delivery holds text that is not UTF-8, or a NUL character")
	}
	return nil
}
