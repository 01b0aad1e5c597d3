-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads
-- and writes none of what is new. What it ends meanwhile leaves no outcome.

-- What the accounts have in service and what of it is due, without a look at
-- the table.
CREATE INDEX keys_account ON keys (provider, account, due_at) WHERE retired_at IS NULL;
-- Or all keys would be read, in the order of their accounts, for the few that
-- are busy.
CREATE INDEX keys_running ON keys (provider, account) WHERE busy;

-- How operations ended, for 30 days.
CREATE TABLE outcomes (
	seq      INTEGER PRIMARY KEY,
	provider TEXT NOT NULL,
	account  TEXT NOT NULL,
	key_id   TEXT NOT NULL,
	what     TEXT NOT NULL,
	at       TEXT NOT NULL -- of the event
) STRICT;
CREATE INDEX outcomes_account ON outcomes (provider, account, at, seq);
-- For those of the last day, and for those that are to be forgotten.
CREATE INDEX outcomes_at ON outcomes (at);

-- The accounts at which nothing is to be done.
CREATE TABLE pauses (
	provider TEXT NOT NULL,
	account  TEXT NOT NULL,
	reason   TEXT NOT NULL,
	actor    TEXT NOT NULL,
	at       TEXT NOT NULL,
	PRIMARY KEY (provider, account)
) STRICT;
