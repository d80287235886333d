"""What lies in a journal file. The comments in the SQL are part of the schema and are stored with it."""

from __future__ import annotations

APPLICATION_ID = 0x6B6A3031  # "kj01", in the file's header: tells a journal from any other SQLite file
SCHEMA_VERSION = 2  # in the header as user_version
OLDEST_VERSION = 1  # is brought up to date when it is opened for writing

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

# Version 2: what is receipted and old can go, behind a signed snapshot (kiosk.core.snapshot) of what it said.
PRUNING = """
CREATE TABLE foundation (
    -- The snapshot that stands for all pruned entries, in pieces; only that of the highest number is in force,
    -- and only when the table pruned names it. One that is being written, or was left, is of no meaning.
    made INTEGER NOT NULL,
    piece INTEGER NOT NULL,    -- 0, 1, 2 ...
    content BLOB NOT NULL,
    PRIMARY KEY (made, piece)
) STRICT;

CREATE TABLE pruned (
    -- Entries 1 to n of a feed stand in the snapshot and nowhere else; rows of theirs that are left are none.
    feed INTEGER PRIMARY KEY REFERENCES feed (id),
    n INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),  -- of entry n: what the chain of the rest begins on
    opened BLOB                -- the body of entry 1: whose feed it is, and by which key
) STRICT;

CREATE TABLE standing_on (
    -- Which foundation is in force, and the bundle floor of what was pruned. At most one row.
    slot INTEGER PRIMARY KEY CHECK (slot = 1),
    made INTEGER NOT NULL,
    bundle_floor INTEGER NOT NULL
) STRICT;

CREATE TRIGGER pruned_rises BEFORE UPDATE ON pruned
WHEN new.feed IS NOT old.feed OR new.n < old.n OR new.opened IS NOT old.opened
BEGIN SELECT RAISE(ABORT, 'what is pruned stays pruned'); END;

CREATE TRIGGER pruned_stays BEFORE DELETE ON pruned
BEGIN SELECT RAISE(ABORT, 'what is pruned stays pruned'); END;

CREATE TRIGGER pruned_leaves_the_last BEFORE INSERT ON pruned
WHEN new.n >= coalesce((SELECT max(n) FROM entry WHERE feed = new.feed), 0)
BEGIN SELECT RAISE(ABORT, 'the last entry of a feed stays'); END;

CREATE TRIGGER foundation_stays BEFORE DELETE ON foundation
WHEN old.made IS (SELECT made FROM standing_on)
BEGIN SELECT RAISE(ABORT, 'the foundation in force stays'); END;

CREATE TRIGGER foundation_update BEFORE UPDATE ON foundation
BEGIN SELECT RAISE(ABORT, 'the table foundation is append-only'); END;
"""

APPEND_ONLY = ("feed", "own_feed", "entry", "checkpoint")
PRUNED = ("entry", "checkpoint")


def statements() -> str:
    """The SQL that makes an empty journal."""
    return "\n".join((SCHEMA, *_refusals(APPEND_ONLY), *upgrades(1)))


def upgrades(version: int) -> tuple[str, ...]:
    """The SQL that brings a journal of an older ``version`` up to date."""
    if version >= SCHEMA_VERSION:
        return ()
    return (PRUNING, *(f"DROP TRIGGER {table}_delete;" for table in PRUNED), *map(_only_pruned, PRUNED))


def _refusals(tables: tuple[str, ...]) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END;"
        for table in tables
        for verb in ("update", "delete")
    ]


def _only_pruned(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "  # noqa: S608 (a table's name from above)
        f"WHEN old.n > coalesce((SELECT n FROM pruned WHERE feed = old.feed), 0) "
        f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END;"
    )
