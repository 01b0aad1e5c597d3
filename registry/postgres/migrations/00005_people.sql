-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads and
-- writes none of what is new. A batch that it records is neither urgent nor has an
-- overlap of its own, and it begins the keys of one that has as if it had none.

-- How long old and new keys of a batch both work, at most, in nanoseconds; 0 leaves
-- it to each key.
ALTER TABLE batches ADD COLUMN overlap bigint NOT NULL DEFAULT 0;
-- Whether it passes maintenance windows and freezes.
ALTER TABLE batches ADD COLUMN urgent boolean NOT NULL DEFAULT false;

-- People and groups that identity providers pushed, or that a list of staff holds.
CREATE TABLE members (
	directory   text        NOT NULL,
	kind        text        NOT NULL, -- user or group
	id          text COLLATE "C" NOT NULL,
	name        text        NOT NULL,
	folded      text        NOT NULL, -- the name in lower case
	external_id text        NOT NULL,
	email       text        NOT NULL,
	active      boolean     NOT NULL,
	document    text        NOT NULL,
	version     bigint      NOT NULL,
	created_at  timestamptz NOT NULL,
	changed_at  timestamptz NOT NULL,
	CONSTRAINT members_pkey PRIMARY KEY (directory, kind, id),
	CONSTRAINT members_name UNIQUE (directory, kind, folded)
);
CREATE INDEX members_email ON members (directory, email) WHERE email <> '';
CREATE INDEX members_external ON members (directory, kind, external_id) WHERE external_id <> '';

-- Who left. Rows are never removed.
CREATE TABLE departures (
	seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id          text        NOT NULL CONSTRAINT departures_id UNIQUE,
	email       text        NOT NULL,
	state       text        NOT NULL,
	revision    bigint      NOT NULL,
	returned_at timestamptz, -- when the person was seen to be back
	body        text        NOT NULL -- the departure as JSON
);
CREATE UNIQUE INDEX departures_open ON departures (email) WHERE state = 'open';
CREATE INDEX departures_email ON departures (email, seq);

-- How each was heard of. The same event is of one departure for ever.
CREATE TABLE departure_events (
	seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	origin    text        NOT NULL,
	event     text        NOT NULL,
	departure text        NOT NULL,
	actor     text        NOT NULL,
	at        timestamptz NOT NULL,
	CONSTRAINT departure_events_once UNIQUE (origin, event)
);
CREATE INDEX departure_events_departure ON departure_events (departure, seq);

-- When a directory had an active person with an address last.
CREATE TABLE sightings (
	email     text        NOT NULL CONSTRAINT sightings_pkey PRIMARY KEY,
	directory text        NOT NULL,
	at        timestamptz NOT NULL
);

-- Who knows a value because of what they did.
CREATE INDEX events_makers ON events (actor, key_id) WHERE what IN ('began', 'supplied', 'adopted');
-- Which owners there are, in the same order on every server.
CREATE INDEX keys_owners ON keys (owner_person COLLATE "C") WHERE retired_at IS NULL;
