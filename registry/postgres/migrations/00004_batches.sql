-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads
-- and writes none of what is new, and what it does not write has a default. What
-- it ends meanwhile has an outcome that does not say why, and moves no batch on:
-- a key of a batch then stays as it was, until somebody marks it. A pause that it
-- clears leaves no time at which the account was resumed.

-- In the order in which what is due in an account is read, so that a page of it
-- is read without a look at the rest. The new index is built before the old one
-- goes: only that locks readers out, and for a moment.
CREATE INDEX keys_account_due ON keys (provider, account, due_at, key_id) WHERE retired_at IS NULL;
DROP INDEX keys_account;
-- The keys of a provider, and of an account, in the order in which they are found:
-- without, each page of them would sort all that follow.
CREATE INDEX keys_provider_id ON keys (provider, key_id);
CREATE INDEX keys_account_id ON keys (provider, account, key_id);

-- The event's detail: for what was rolled back, the kind of error.
ALTER TABLE outcomes ADD COLUMN why text NOT NULL DEFAULT '';
-- When the operation began.
ALTER TABLE outcomes ADD COLUMN began timestamptz;

-- What is known of accounts besides their keys and pauses.
CREATE TABLE accounts (
	provider   text             NOT NULL,
	account    text             NOT NULL,
	rate       double precision NOT NULL DEFAULT 0, -- activities a second, as a worker said last
	served_at  timestamptz, -- when a worker said so
	resumed_at timestamptz, -- when a pause was last cleared
	CONSTRAINT accounts_pkey PRIMARY KEY (provider, account)
);

-- Operations on many keys at once. Rows are only ever added.
CREATE TABLE batches (
	seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id       text        NOT NULL CONSTRAINT batches_id UNIQUE,
	selector text        NOT NULL,
	reason   text        NOT NULL,
	note     text        NOT NULL,
	actor    text        NOT NULL,
	now      boolean     NOT NULL,
	at       timestamptz NOT NULL,
	keys     integer     NOT NULL
);
CREATE INDEX batches_at ON batches (at, seq);

-- How far each batch is with each of its keys. The batch and the key are looked
-- up when a row is made and neither is ever removed, so there is no foreign key:
-- it would lock every one of the keys.
CREATE TABLE batch_keys (
	batch    text        NOT NULL,
	key_id   text COLLATE "C" NOT NULL,
	provider text        NOT NULL,
	account  text        NOT NULL,
	state    text        NOT NULL,
	why      text        NOT NULL DEFAULT '',
	at       timestamptz NOT NULL, -- of the state
	CONSTRAINT batch_keys_pkey PRIMARY KEY (batch, key_id)
);
-- For the progress, without a look at the table.
CREATE INDEX batch_keys_progress ON batch_keys (batch, provider, account, state);

-- What checks found wrong.
CREATE TABLE findings (
	id           text COLLATE "C" CONSTRAINT findings_pkey PRIMARY KEY,
	found_by     text        NOT NULL, -- the check
	kind         text        NOT NULL,
	place        text        NOT NULL,
	subject      text        NOT NULL,
	key_id       text        NOT NULL,
	owner_team   text        NOT NULL,
	owner_person text        NOT NULL,
	severity     text        NOT NULL,
	detail       text        NOT NULL,
	mend         text        NOT NULL,
	found_at     timestamptz NOT NULL,
	seen_at      timestamptz NOT NULL,
	settled_at   timestamptz, -- null: it is open
	accepted_by  text        NOT NULL DEFAULT '',
	note         text        NOT NULL DEFAULT '',
	accepted_at  timestamptz
);
-- Few are open, many were. seen_at is in no index, so that seeing them again
-- writes to none.
CREATE INDEX findings_open ON findings (id) WHERE settled_at IS NULL;
CREATE INDEX findings_place ON findings (found_by, place) WHERE settled_at IS NULL;
CREATE INDEX findings_key ON findings (key_id) WHERE key_id <> '';
