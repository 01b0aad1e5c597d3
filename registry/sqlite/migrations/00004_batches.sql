-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads
-- and writes none of what is new, and what it does not write has a default. What
-- it ends meanwhile has an outcome that does not say why, and moves no batch on:
-- a key of a batch then stays as it was, until somebody marks it. A pause that it
-- clears leaves no time at which the account was resumed.

-- In the order in which what is due in an account is read, so that a page of it
-- is read without a look at the rest.
CREATE INDEX keys_account_due ON keys (provider, account, due_at, key_id) WHERE retired_at IS NULL;
DROP INDEX keys_account;
-- The keys of a provider, and of an account, in the order in which they are found:
-- without, each page of them would sort all that follow.
CREATE INDEX keys_provider_id ON keys (provider, key_id);
CREATE INDEX keys_account_id ON keys (provider, account, key_id);

-- The event's detail: for what was rolled back, the kind of error.
ALTER TABLE outcomes ADD COLUMN why TEXT NOT NULL DEFAULT '';
-- When the operation began.
ALTER TABLE outcomes ADD COLUMN began TEXT;

-- What is known of accounts besides their keys and pauses.
CREATE TABLE accounts (
	provider   TEXT NOT NULL,
	account    TEXT NOT NULL,
	rate       REAL NOT NULL DEFAULT 0, -- activities a second, as a worker said last
	served_at  TEXT, -- when a worker said so
	resumed_at TEXT, -- when a pause was last cleared
	PRIMARY KEY (provider, account)
) STRICT;

-- Operations on many keys at once. Rows are only ever added.
CREATE TABLE batches (
	seq      INTEGER PRIMARY KEY,
	id       TEXT    NOT NULL UNIQUE,
	selector TEXT    NOT NULL,
	reason   TEXT    NOT NULL,
	note     TEXT    NOT NULL,
	actor    TEXT    NOT NULL,
	now      INTEGER NOT NULL,
	at       TEXT    NOT NULL,
	keys     INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_at ON batches (at, seq);

-- How far each batch is with each of its keys.
CREATE TABLE batch_keys (
	batch    TEXT NOT NULL,
	key_id   TEXT NOT NULL,
	provider TEXT NOT NULL,
	account  TEXT NOT NULL,
	state    TEXT NOT NULL,
	why      TEXT NOT NULL DEFAULT '',
	at       TEXT NOT NULL, -- of the state
	PRIMARY KEY (batch, key_id)
) STRICT, WITHOUT ROWID;
-- For the progress, without a look at the table.
CREATE INDEX batch_keys_progress ON batch_keys (batch, provider, account, state);

-- What checks found wrong.
CREATE TABLE findings (
	id           TEXT NOT NULL PRIMARY KEY,
	found_by     TEXT NOT NULL, -- the check
	kind         TEXT NOT NULL,
	place        TEXT NOT NULL,
	subject      TEXT NOT NULL,
	key_id       TEXT NOT NULL,
	owner_team   TEXT NOT NULL,
	owner_person TEXT NOT NULL,
	severity     TEXT NOT NULL,
	detail       TEXT NOT NULL,
	mend         TEXT NOT NULL,
	found_at     TEXT NOT NULL,
	seen_at      TEXT NOT NULL,
	settled_at   TEXT, -- null: it is open
	accepted_by  TEXT NOT NULL DEFAULT '',
	note         TEXT NOT NULL DEFAULT '',
	accepted_at  TEXT
) STRICT;
-- Few are open, many were. seen_at is in no index, so that seeing them again
-- writes to none.
CREATE INDEX findings_open ON findings (id) WHERE settled_at IS NULL;
CREATE INDEX findings_place ON findings (found_by, place) WHERE settled_at IS NULL;
CREATE INDEX findings_key ON findings (key_id) WHERE key_id <> '';
