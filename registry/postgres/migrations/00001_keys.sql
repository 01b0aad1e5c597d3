-- +goose Up

-- One row per key. body is the whole key; the columns beside it are what keys
-- are found by. Collation "C" makes the order of ids the same on every server.
CREATE TABLE keys (
	key_id       text COLLATE "C" CONSTRAINT keys_pkey PRIMARY KEY,
	revision     bigint      NOT NULL,
	provider     text        NOT NULL,
	account      text        NOT NULL,
	principal    text        NOT NULL,
	owner_team   text        NOT NULL,
	owner_person text        NOT NULL,
	store        text        NOT NULL,
	path         text        NOT NULL,
	due_at       timestamptz,
	retired_at   timestamptz,
	busy         boolean     NOT NULL,
	exclusive    boolean     NOT NULL,
	body         jsonb       NOT NULL,
	fingerprints text[]      NOT NULL,
	updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Two keys in service never share a place in a store.
CREATE UNIQUE INDEX keys_path ON keys (path, store) WHERE retired_at IS NULL AND path <> '';
-- Where a provider keeps no labels, one operation at a time per principal.
CREATE UNIQUE INDEX keys_exclusive ON keys (provider, account, principal) WHERE busy AND exclusive;

CREATE INDEX keys_due ON keys (due_at) WHERE retired_at IS NULL;
CREATE INDEX keys_issuer ON keys (provider, account, principal);
CREATE INDEX keys_team ON keys (owner_team);
CREATE INDEX keys_person ON keys (owner_person);
CREATE INDEX keys_busy ON keys (key_id) WHERE busy;
CREATE INDEX keys_fingerprints ON keys USING gin (fingerprints) WHERE fingerprints <> '{}';

-- One row per thing that ever happened to a key. Rows are only ever added.
CREATE TABLE events (
	seq    bigserial PRIMARY KEY,
	id     text        NOT NULL CONSTRAINT events_id UNIQUE,
	key_id text COLLATE "C" NOT NULL REFERENCES keys (key_id),
	what   text        NOT NULL,
	actor  text        NOT NULL,
	reason text        NOT NULL,
	detail text        NOT NULL,
	at     timestamptz NOT NULL
);
CREATE INDEX events_key ON events (key_id, seq);
