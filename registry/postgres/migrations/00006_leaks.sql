-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads and
-- writes none of what is new. A generation that it enters in a ledger is known by its
-- marks as soon as a newer one saves that key.

-- Values that were found where they should not be. Rows are never removed.
CREATE TABLE leaks (
	seq      bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id       text    NOT NULL CONSTRAINT leaks_id UNIQUE,
	subject  text    NOT NULL CONSTRAINT leaks_subject UNIQUE,
	state    text    NOT NULL,
	key_id   text    NOT NULL, -- empty while nobody knows whose value it is
	revision bigint  NOT NULL,
	hits     integer NOT NULL,
	body     text    NOT NULL -- the leak as JSON
);
CREATE INDEX leaks_state ON leaks (state, seq);
CREATE INDEX leaks_key ON leaks (key_id, seq);

-- Where each was found. The same event is of one leak for ever.
CREATE TABLE leak_hits (
	seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text   NOT NULL,
	event  text   NOT NULL,
	leak   text   NOT NULL,
	body   text   NOT NULL, -- the hit as JSON
	CONSTRAINT leak_hits_once UNIQUE (source, event)
);
CREATE INDEX leak_hits_leak ON leak_hits (leak, seq);

-- What was done with leaked keys, as vendors say.
CREATE TABLE leak_uses (
	leak text        NOT NULL,
	id   text COLLATE "C" NOT NULL,
	at   timestamptz NOT NULL,
	body text        NOT NULL, -- the use as JSON
	CONSTRAINT leak_uses_pkey PRIMARY KEY (leak, id)
);
CREATE INDEX leak_uses_at ON leak_uses (leak, at, id);

-- What each generation that ever was in a ledger is known by. Rows are only ever
-- added, with the key that they are of, so there is no foreign key.
CREATE TABLE marks (
	mark       text COLLATE "C" NOT NULL,
	key_id     text COLLATE "C" NOT NULL,
	generation bigint NOT NULL,
	remote_id  text   NOT NULL, -- the vendor's id of the key
	CONSTRAINT marks_pkey PRIMARY KEY (mark, key_id, generation)
);
-- A digest of the marks that were kept of a key's ledger last, so that a change that
-- leaves them as they are writes none.
ALTER TABLE keys ADD COLUMN marked text NOT NULL DEFAULT '';

-- The marks of the ledgers that exist. That of an id is a hash of it, and a short id
-- has none.
WITH issued AS (
	SELECT key_id, (i->>'generation')::bigint AS generation, i->>'remote_id' AS remote_id,
		i#>>'{fingerprints,hmac}' AS hmac, i#>>'{fingerprints,hmsl}' AS hmsl
	FROM keys, jsonb_array_elements(body->'ledger') AS i
)
INSERT INTO marks (mark, key_id, generation, remote_id)
SELECT 'hmac:' || hmac, key_id, generation, remote_id FROM issued WHERE hmac <> ''
UNION ALL SELECT 'hmsl:' || hmsl, key_id, generation, remote_id FROM issued WHERE hmsl <> ''
UNION ALL SELECT 'id:' || encode(substr(sha256(convert_to(remote_id, 'UTF8')), 1, 16), 'hex'), key_id, generation, remote_id
	FROM issued WHERE octet_length(remote_id) >= 16
ON CONFLICT DO NOTHING;
-- Or the server would take each mark for that of many until it looks by itself.
ANALYZE marks;
