-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads and
-- writes none of what is new. A batch that it records is neither urgent nor has an
-- overlap of its own, and it begins the keys of one that has as if it had none.

-- How long old and new keys of a batch both work, at most, in nanoseconds; 0 leaves
-- it to each key.
ALTER TABLE batches ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0;
-- Whether it passes maintenance windows and freezes.
ALTER TABLE batches ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;

-- People and groups that identity providers pushed, or that a list of staff holds.
CREATE TABLE members (
	directory   TEXT NOT NULL,
	kind        TEXT NOT NULL, -- user or group
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	folded      TEXT NOT NULL, -- the name in lower case
	external_id TEXT NOT NULL,
	email       TEXT NOT NULL,
	active      INTEGER NOT NULL,
	document    TEXT NOT NULL,
	version     INTEGER NOT NULL,
	created_at  TEXT NOT NULL,
	changed_at  TEXT NOT NULL,
	PRIMARY KEY (directory, kind, id),
	UNIQUE (directory, kind, folded)
) STRICT;
CREATE INDEX members_email ON members (directory, email) WHERE email <> '';
CREATE INDEX members_external ON members (directory, kind, external_id) WHERE external_id <> '';

-- Who left. Rows are never removed.
CREATE TABLE departures (
	seq         INTEGER PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	email       TEXT NOT NULL,
	state       TEXT NOT NULL,
	revision    INTEGER NOT NULL,
	returned_at TEXT, -- when the person was seen to be back
	body        TEXT NOT NULL -- the departure as JSON
) STRICT;
CREATE UNIQUE INDEX departures_open ON departures (email) WHERE state = 'open';
CREATE INDEX departures_email ON departures (email, seq);

-- How each was heard of. The same event is of one departure for ever.
CREATE TABLE departure_events (
	seq       INTEGER PRIMARY KEY,
	origin    TEXT NOT NULL,
	event     TEXT NOT NULL,
	departure TEXT NOT NULL,
	actor     TEXT NOT NULL,
	at        TEXT NOT NULL,
	UNIQUE (origin, event)
) STRICT;
CREATE INDEX departure_events_departure ON departure_events (departure, seq);

-- When a directory had an active person with an address last.
CREATE TABLE sightings (
	email     TEXT NOT NULL PRIMARY KEY,
	directory TEXT NOT NULL,
	at        TEXT NOT NULL
) STRICT;

-- Who knows a value because of what they did.
CREATE INDEX events_makers ON events (actor, key_id) WHERE what IN ('began', 'supplied', 'adopted');
-- Which owners there are.
CREATE INDEX keys_owners ON keys (owner_person) WHERE retired_at IS NULL;
