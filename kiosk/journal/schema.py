"""What lies in a journal file. The comments in the SQL are part of the schema and are stored with it."""

from __future__ import annotations

APPLICATION_ID = 0x6B6A3031  # "kj01", in the file's header: tells a journal from any other SQLite file
SCHEMA_VERSION = 1  # in the header as user_version

SCHEMA = """
CREATE TABLE feed (
    -- One journal's stream: this counter's own, head office's, later other counters'.
    -- Rows are numbered in the order in which the feeds were first met; none ever goes.
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE  -- origin@incarnation, hashed into every entry of the feed
) STRICT;

CREATE TABLE own_feed (
    -- The feeds that this journal itself has written, one for each life (a new enrolment begins a new one).
    -- The highest is the one being written; the others are only read.
    feed INTEGER PRIMARY KEY REFERENCES feed (id)
) STRICT;

CREATE TABLE entry (
    -- One fact, exactly as its writer wrote it. Clustered by (feed, n): an append touches one b-tree.
    feed INTEGER NOT NULL REFERENCES feed (id),
    n INTEGER NOT NULL,        -- 1, 2, 3 ... without gaps
    hash BLOB NOT NULL CHECK (length(hash) = 32),  -- SHA-256 over feed, n, the hash before and the body
    body BLOB NOT NULL,        -- deterministic CBOR; hashed as stored, never re-encoded
    PRIMARY KEY (feed, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    -- A head of a feed with its writer's Ed25519 signature; kept for ever, as evidence.
    feed INTEGER NOT NULL,
    n INTEGER NOT NULL,
    key_epoch INTEGER NOT NULL,  -- which of the writer's keys signed
    head BLOB NOT NULL CHECK (length(head) = 32),  -- the hash of entry n when it was signed
    at_ms INTEGER NOT NULL,      -- the writer's clock, Unix milliseconds
    signature BLOB NOT NULL,
    PRIMARY KEY (feed, n, key_epoch),
    FOREIGN KEY (feed, n) REFERENCES entry (feed, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE bundle (
    -- The bundle in force: the signed envelope as received. At most one row; a cache, so it may be replaced.
    -- Which version is the floor stands in the own feed's entries, not here.
    slot INTEGER PRIMARY KEY CHECK (slot = 1),
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE bundle_part (
    -- The parts that the envelope names, each under the SHA-256 of its content.
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    content BLOB NOT NULL
) STRICT;

CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN new.n IS NOT 1 + coalesce((SELECT max(n) FROM entry WHERE feed = new.feed), 0)
BEGIN SELECT RAISE(ABORT, 'an entry goes behind the last of its feed'); END;
"""

APPEND_ONLY = ("feed", "own_feed", "entry", "checkpoint")


def statements() -> str:
    """The SQL that makes an empty journal: the tables, and a refusal of change for each append-only one."""
    refusals = (
        f"CREATE TRIGGER {table}_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END;"
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    )
    return "\n".join((SCHEMA, *refusals))
