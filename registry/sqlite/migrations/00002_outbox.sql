-- +goose Up

-- An older worker may go on against these tables until it is replaced: what it
-- does not write has a default, and nothing that it reads has changed.

-- The ticket that the open intent waits for, as "tracker/id". An older worker
-- cannot let it go stale: it refuses to read a key whose intent has a ticket.
ALTER TABLE keys ADD COLUMN ticket TEXT NOT NULL DEFAULT '';
CREATE INDEX keys_ticket ON keys (ticket) WHERE ticket <> '';

-- One row per event and audience, until somebody is told. not_before is when it
-- may next be handed out: a claim moves it to the end of its lease, so that what
-- a crash left held comes back by itself. Empty text sorts before every time.
CREATE TABLE notices (
	seq        INTEGER PRIMARY KEY,
	id         TEXT    NOT NULL UNIQUE,
	event_id   TEXT    NOT NULL REFERENCES events (id),
	audience   TEXT    NOT NULL,
	urgent     INTEGER NOT NULL,
	at         TEXT    NOT NULL, -- of the event
	not_before TEXT    NOT NULL DEFAULT '',
	attempts   INTEGER NOT NULL DEFAULT 0
) STRICT;
-- In the order of a claim. not_before is the last column so that those that are
-- not due are passed over without a look at the table.
CREATE INDEX notices_next ON notices (urgent DESC, at, seq, not_before);

-- Freezes and maintenance windows. body is the whole rule.
CREATE TABLE calendar (
	seq     INTEGER PRIMARY KEY AUTOINCREMENT,
	id      TEXT NOT NULL UNIQUE,
	kind    TEXT NOT NULL,
	until   TEXT, -- null: until it is removed
	created TEXT NOT NULL,
	body    TEXT NOT NULL
) STRICT;

-- Webhook deliveries that were acted on.
CREATE TABLE deliveries (
	source TEXT NOT NULL,
	id     TEXT NOT NULL,
	at     TEXT NOT NULL,
	PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX deliveries_at ON deliveries (at);
