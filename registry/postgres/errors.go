package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keyturn/keyturn"
)

const (
	readOnlyMend = "the database is read-only; point the address at the primary server"
	rightsMend   = "the login lacks a right on the registry's tables; let it own them, or grant it SELECT, INSERT, UPDATE and DELETE on them and USAGE on their sequences"
)

// translate turns what pgx reports into an error of ours. Driver texts never
// get through: they may quote the address, a value or a query. What the mend
// of an operator can cure is Unavailable, so that work goes on afterwards.
// Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
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
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return keyturn.Errorf(keyturn.Unavailable, op, "the database cannot be reached or broke off; check that it runs and that its address is right")
	}
	switch server.Code {
	case "40001", "40P01", "23505", "23503": // serialization failure, deadlock, constraints with no change to blame
		return keyturn.Errorf(keyturn.Conflict, op, "somebody else changed the same keys at the same time; read them again and redo the change")
	case "42P01", "3F000": // undefined table, no such schema
		return keyturn.Errorf(keyturn.Invalid, op, "the registry has no tables there; start a worker, which creates them, or mend search_path in the address")
	case "42501": // insufficient privilege
		return keyturn.Errorf(keyturn.Unavailable, op, rightsMend)
	case "25006": // read-only transaction
		return keyturn.Errorf(keyturn.Unavailable, op, readOnlyMend)
	case "3D000":
		return keyturn.Errorf(keyturn.Unavailable, op, "there is no such database on that server; create it")
	case "54000", "54001", "22001", "22P02", "22021", "22P05", "22008": // too large, or not storable as that type
		return keyturn.Errorf(keyturn.Invalid, op, "the database cannot store this: a text or a time in it is outside what it takes (SQLSTATE %s)", server.Code)
	}
	switch class := server.Code[:min(2, len(server.Code))]; class {
	case "28":
		return keyturn.Errorf(keyturn.Unavailable, op, "the database refused the login; check user, password and pg_hba.conf")
	case "53", "57", "58", "08":
		return keyturn.Errorf(keyturn.Unavailable, op, "the database is starting, stopping or out of a resource (SQLSTATE %s)", server.Code)
	}
	return keyturn.Errorf(keyturn.Unavailable, op, "the database answered with an error (SQLSTATE %s); its log says more", server.Code)
}

// brokenConstraint names the unique constraint that err reports as broken.
func brokenConstraint(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "23505" {
		return server.ConstraintName
	}
	return ""
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
