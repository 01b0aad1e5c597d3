-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads
-- and writes none of what is new. What it ends meanwhile leaves no outcome.

-- What the accounts have in service and what of it is due, without a look at
-- the table.
CREATE INDEX keys_account ON keys (provider, account, due_at) WHERE retired_at IS NULL;

-- How operations ended, for 30 days.
CREATE TABLE outcomes (
	seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	provider text        NOT NULL,
	account  text        NOT NULL,
	key_id   text        NOT NULL,
	what     text        NOT NULL,
	at       timestamptz NOT NULL -- of the event
);
CREATE INDEX outcomes_account ON outcomes (provider, account, at, seq);
-- For those of the last day, and for those that are to be forgotten.
CREATE INDEX outcomes_at ON outcomes (at);

-- The accounts at which nothing is to be done.
CREATE TABLE pauses (
	provider text        NOT NULL,
	account  text        NOT NULL,
	reason   text        NOT NULL,
	actor    text        NOT NULL,
	at       timestamptz NOT NULL,
	CONSTRAINT pauses_pkey PRIMARY KEY (provider, account)
);
