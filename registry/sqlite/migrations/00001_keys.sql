-- +goose Up

-- One row per key. body is the whole key as JSON; the columns beside it are
-- what keys are found by. Times are text in UTC with six decimals, so that
-- they sort.
CREATE TABLE keys (
	key_id       TEXT    NOT NULL PRIMARY KEY,
	revision     INTEGER NOT NULL,
	provider     TEXT    NOT NULL,
	account      TEXT    NOT NULL,
	principal    TEXT    NOT NULL,
	owner_team   TEXT    NOT NULL,
	owner_person TEXT    NOT NULL,
	store        TEXT    NOT NULL,
	path         TEXT    NOT NULL,
	due_at       TEXT,
	retired_at   TEXT,
	busy         INTEGER NOT NULL,
	exclusive    INTEGER NOT NULL,
	body         TEXT    NOT NULL
) STRICT;

-- Two keys in service never share a place in a store.
CREATE UNIQUE INDEX keys_path ON keys (path, store) WHERE retired_at IS NULL AND path <> '';
-- Where a provider keeps no labels, one operation at a time per principal.
CREATE UNIQUE INDEX keys_exclusive ON keys (provider, account, principal) WHERE busy AND exclusive;

CREATE INDEX keys_due ON keys (due_at) WHERE retired_at IS NULL;
CREATE INDEX keys_issuer ON keys (provider, account, principal);
CREATE INDEX keys_team ON keys (owner_team);
CREATE INDEX keys_person ON keys (owner_person);
CREATE INDEX keys_busy ON keys (key_id) WHERE busy;

-- The fingerprints of every generation in a ledger.
CREATE TABLE fingerprints (
	fingerprint TEXT NOT NULL,
	key_id      TEXT NOT NULL REFERENCES keys (key_id),
	PRIMARY KEY (fingerprint, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprints_key ON fingerprints (key_id);

-- One row per thing that ever happened to a key. Rows are only ever added.
CREATE TABLE events (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	id     TEXT NOT NULL UNIQUE,
	key_id TEXT NOT NULL REFERENCES keys (key_id),
	what   TEXT NOT NULL,
	actor  TEXT NOT NULL,
	reason TEXT NOT NULL,
	detail TEXT NOT NULL,
	at     TEXT NOT NULL
) STRICT;
CREATE INDEX events_key ON events (key_id, seq);
