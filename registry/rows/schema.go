package rows

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
)

// VersionTable is where the migrations note how far they have come.
const VersionTable = "registry_version"

// SelectVersion reads the version of the tables.
const SelectVersion = "SELECT coalesce(max(version_id), 0) FROM " + VersionTable + " WHERE is_applied"

// Latest is the version the embedded migrations lead to: the greatest number
// a file name begins with.
func Latest(migrations fs.FS) int64 {
	var latest int64
	names, _ := fs.Glob(migrations, "*.sql")
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			latest = max(latest, n)
		}
	}
	return latest
}

// CheckVersion compares the version of the tables with the one this program
// was written for. Both directions are refused: an older program could drop
// what a newer one keeps.
func CheckVersion(op string, have, want int64) error {
	switch {
	case have == 0:
		return keyturn.Errorf(keyturn.Invalid, op, "the registry has no tables yet; start a worker, which creates them")
	case have < want:
		return keyturn.Errorf(keyturn.Invalid, op, "the registry's tables are at version %d and this program needs %d; start a worker of this program's version, which brings them up", have, want)
	case have > want:
		return keyturn.Errorf(keyturn.Invalid, op, "the registry's tables are at version %d and this program knows only %d; upgrade this program", have, want)
	}
	return nil
}
