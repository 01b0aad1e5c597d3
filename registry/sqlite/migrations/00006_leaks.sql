-- +goose Up

-- An older worker may go on against these tables until it is replaced: it reads and
-- writes none of what is new. A generation that it enters in a ledger is known by its
-- marks as soon as a newer one saves that key.

-- Values that were found where they should not be. Rows are never removed.
CREATE TABLE leaks (
	seq      INTEGER PRIMARY KEY,
	id       TEXT    NOT NULL UNIQUE,
	subject  TEXT    NOT NULL UNIQUE,
	state    TEXT    NOT NULL,
	key_id   TEXT    NOT NULL, -- empty while nobody knows whose value it is
	revision INTEGER NOT NULL,
	hits     INTEGER NOT NULL,
	body     TEXT    NOT NULL -- the leak as JSON
) STRICT;
CREATE INDEX leaks_state ON leaks (state, seq);
CREATE INDEX leaks_key ON leaks (key_id, seq);

-- Where each was found. The same event is of one leak for ever.
CREATE TABLE leak_hits (
	seq    INTEGER PRIMARY KEY,
	source TEXT    NOT NULL,
	event  TEXT    NOT NULL,
	leak   TEXT    NOT NULL,
	body   TEXT    NOT NULL, -- the hit as JSON
	UNIQUE (source, event)
) STRICT;
CREATE INDEX leak_hits_leak ON leak_hits (leak, seq);

-- What was done with leaked keys, as vendors say.
CREATE TABLE leak_uses (
	leak TEXT NOT NULL,
	id   TEXT NOT NULL,
	at   TEXT NOT NULL,
	body TEXT NOT NULL, -- the use as JSON
	PRIMARY KEY (leak, id)
) STRICT;
CREATE INDEX leak_uses_at ON leak_uses (leak, at, id);

-- What each generation that ever was in a ledger is known by. Rows are only ever
-- added.
CREATE TABLE marks (
	mark       TEXT    NOT NULL,
	key_id     TEXT    NOT NULL,
	generation INTEGER NOT NULL,
	remote_id  TEXT    NOT NULL, -- the vendor's id of the key
	PRIMARY KEY (mark, key_id, generation)
) STRICT, WITHOUT ROWID;
-- A digest of the marks that were kept of a key's ledger last, so that a change that
-- leaves them as they are writes none.
ALTER TABLE keys ADD COLUMN marked TEXT NOT NULL DEFAULT '';

-- The marks of the ledgers that exist. A short id has none. keyturn_mark_of_id is a
-- function of the program: SQLite has no SHA-256.
WITH issued AS (
	SELECT key_id, i.value->>'generation' AS generation, i.value->>'remote_id' AS remote_id,
		i.value->>'$.fingerprints.hmac' AS hmac, i.value->>'$.fingerprints.hmsl' AS hmsl
	FROM keys, json_each(body, '$.ledger') AS i
)
INSERT INTO marks (mark, key_id, generation, remote_id)
SELECT 'hmac:' || hmac, key_id, generation, remote_id FROM issued WHERE hmac <> ''
UNION ALL SELECT 'hmsl:' || hmsl, key_id, generation, remote_id FROM issued WHERE hmsl <> ''
UNION ALL SELECT keyturn_mark_of_id(remote_id), key_id, generation, remote_id
	FROM issued WHERE octet_length(remote_id) >= 16
ON CONFLICT DO NOTHING;
