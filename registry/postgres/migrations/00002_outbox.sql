-- +goose Up

-- An older worker may go on against these tables until it is replaced: what it
-- does not write has a default, and nothing that it reads has changed.

-- The ticket that the open intent waits for, as "tracker/id". An older worker
-- cannot let it go stale: it refuses to read a key whose intent has a ticket.
ALTER TABLE keys ADD COLUMN ticket text NOT NULL DEFAULT '';
CREATE INDEX keys_ticket ON keys (ticket) WHERE ticket <> '';

-- One row per event and audience, until somebody is told. not_before is when it
-- may next be handed out: a claim moves it to the end of its lease, so that what
-- a crash left held comes back by itself. Identity columns, unlike serial ones,
-- need no right on a sequence.
CREATE TABLE notices (
	seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id         text        NOT NULL CONSTRAINT notices_id UNIQUE,
	event_id   text        NOT NULL REFERENCES events (id),
	audience   text        NOT NULL,
	urgent     boolean     NOT NULL,
	at         timestamptz NOT NULL, -- of the event
	not_before timestamptz NOT NULL DEFAULT '-infinity',
	attempts   integer     NOT NULL DEFAULT 0
);
-- In the order of a claim, for when many are due. not_before is the last column
-- so that those that are not are passed over without a look at the table.
CREATE INDEX notices_next ON notices (urgent DESC, at, seq, not_before);
-- For when few are, because the others wait for a digest.
CREATE INDEX notices_due ON notices (not_before);

-- Freezes and maintenance windows. body is the whole rule.
CREATE TABLE calendar (
	seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id      text        NOT NULL CONSTRAINT calendar_id UNIQUE,
	kind    text        NOT NULL,
	until   timestamptz, -- null: until it is removed
	created timestamptz NOT NULL,
	body    jsonb       NOT NULL
);

-- Webhook deliveries that were acted on.
CREATE TABLE deliveries (
	source text        NOT NULL,
	id     text        NOT NULL,
	at     timestamptz NOT NULL,
	CONSTRAINT deliveries_pkey PRIMARY KEY (source, id)
);
CREATE INDEX deliveries_at ON deliveries (at);
