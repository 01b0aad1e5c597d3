package sqlite

import (
	"context"
	"errors"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/keyturn/keyturn"
)

// translate turns what SQLite reports into an error of ours, without its
// text. Codes: https://www.sqlite.org/rescode.html
func translate(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	var ours *keyturn.Error
	if errors.As(err, &ours) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return keyturn.Errorf(keyturn.Unavailable, op, "another process has kept the registry file locked; try again, or end that process")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return keyturn.Errorf(keyturn.Unavailable, op, "the registry file or its folder cannot be written; check their permissions")
	case sqlite3.SQLITE_FULL:
		return keyturn.Errorf(keyturn.Unavailable, op, "the disk is full; make room")
	case sqlite3.SQLITE_NOTADB:
		return keyturn.Errorf(keyturn.Invalid, op, "the file is not a registry, nor any SQLite database; check its path")
	case sqlite3.SQLITE_CORRUPT:
		return keyturn.Errorf(keyturn.Unavailable, op, "the registry file is damaged; restore it from a backup")
	case sqlite3.SQLITE_TOOBIG:
		return keyturn.Errorf(keyturn.Invalid, op, "the key is too large to be stored")
	case 0:
		return keyturn.Errorf(keyturn.Unavailable, op, "the registry file cannot be used; is the store closed?")
	}
	return keyturn.Errorf(keyturn.Unavailable, op, "the registry file cannot be used (SQLite result code %d)", code(err))
}

// code is SQLite's primary result code; 0 is none.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool { return code(err) == sqlite3.SQLITE_BUSY }

func isConstraint(err error) bool { return code(err) == sqlite3.SQLITE_CONSTRAINT }
