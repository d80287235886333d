"""The tables, as the newest migration leaves them. A test compares the two.

Feeds are named by their text ("origin@incarnation"); instants are Unix milliseconds.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

turn = Table(
    # one row; locking it is the right to write, so commits are in the order of cursors
    "turn",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
)

feed = Table(
    # how far each feed goes, and the newest checkpoint of it
    "feed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("checkpoint_n", BigInteger),
    Column("checkpoint_head", LargeBinary),
    Column("checkpoint_key_epoch", BigInteger),
    Column("checkpoint_at_ms", BigInteger),
    Column("checkpoint_signature", LargeBinary),
)

entry = Table(
    # bodies as received or written, never re-encoded
    "entry",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

evidence = Table(
    # authentic bytes that contradict what is held; `digest` is the SHA-256 of `content`
    "evidence",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

log = Table(
    # the projection of redemptions and voids; can be made anew from `entry`
    "log",
    metadata,
    Column("cursor", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("store", Text, nullable=False),
    Column("counter", Text, nullable=False),
    Column("promotion", Text, nullable=False),
    Column("clerk", Text, nullable=False),
    Column("credential_kind", Text, nullable=False),
    Column("credential", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("void_of_n", BigInteger),
    Column("reason", Text),
    Column("judged", Text),
    Column("holder", LargeBinary),
    Column("sale", LargeBinary),
    Column("approved_by", Text),
    Column("void_of_feed", Text),  # of a void, always
    Index("log_entry", "feed", "n", unique=True),
    Index("log_void", "void_of_feed", "void_of_n"),
    Index("log_promotion", "promotion", "kind"),
    Index("log_credential", "promotion", "credential"),
    Index("log_store", "promotion", "store", "at_ms"),
    Index("log_sale", "sale"),
    Index("log_holder", "promotion", "holder"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("store", Text, primary_key=True),
    Column("counter", Text, primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("key_epoch", BigInteger, nullable=False),
    Column("enrolled_at_ms", BigInteger, nullable=False),
    Column("last_contact_ms", BigInteger),
    Column("bundle_version", BigInteger),
    Column("address", Text),
    Column("fenced", Boolean, nullable=False),
    Column("counts_to", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("revoked_why", Text),
    Column("revoked_by", Text),
)

enrolment_code = Table(
    # what is kept of a one-time code; `answer` once it is used, for the same request again
    "enrolment_code",
    metadata,
    Column("code_id", Text, primary_key=True),
    Column("store", Text, nullable=False),
    Column("counter", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("stretched", LargeBinary, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
    Column("wrong_tries", Integer, nullable=False),
    Column("request_hash", LargeBinary),
    Column("answer", LargeBinary),
)

bundle = Table(
    "bundle",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("published_at_ms", BigInteger, nullable=False),
    Column("fresh_until_ms", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)

bundle_part = Table(
    # which parts a bundle names; their bytes lie in `part`, once however many bundles name them
    "bundle_part",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
)

part = Table(
    "part",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
)

listed_code = Table(
    # `idx` is stable for good; a withdrawn code keeps its own
    "listed_code",
    metadata,
    Column("promotion", Text, primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Index("listed_code_digest", "promotion", "digest", unique=True),
)

clerk = Table(
    "clerk",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("stores", Text, nullable=False),  # JSON list of store ids
    Column("pin_hash", Text),
    Column("from_organisation", Boolean, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("session_version", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
)

contact = Table(
    # customers' contact details as counters sealed them; `sealed` is gone once they are erased
    "contact",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("case_ref", LargeBinary, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("read_at_ms", BigInteger),
    Column("read_by", Text),
    Column("erased_at_ms", BigInteger),
    Column("erased_by", Text),
)

right_account = Table(
    # the sums of the terms of an account; can be made anew from `entry`, but for `level` and the pace
    "right_account",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("promotion", Text, primary_key=True),
    Column("subject", LargeBinary, primary_key=True),
    Column("granted_by", BigInteger, primary_key=True, autoincrement=False),
    Column("granted", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("credited", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("freed", BigInteger, nullable=False),
    Column("level", BigInteger, nullable=False),
    Column("pace_milli", BigInteger, nullable=False),
    Column("paced_at_ms", BigInteger, nullable=False),
    Index("right_account_right", "promotion", "kind", "subject"),
)

right_pool = Table(
    # per right and incarnation: what was given, and what came back; sums of `right_account`, and the decisions
    "right_pool",
    metadata,
    Column("promotion", Text, primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("subject", LargeBinary, primary_key=True),
    Column("granted_by", BigInteger, primary_key=True, autoincrement=False),
    Column("granted", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("refilled", BigInteger, nullable=False),
    Column("freed", BigInteger, nullable=False),
    Column("advanced", BigInteger, nullable=False),
)

waiting_void = Table(
    # a void that arrived before the redemption that it undoes
    "waiting_void",
    metadata,
    Column("of_feed", Text, primary_key=True),
    Column("of_n", BigInteger, primary_key=True, autoincrement=False),
    Column("feed", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
)

lost_risk = Table(
    # a redemption whose risk did not come back: its credential had been used
    "lost_risk",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
)

used_twice = Table(
    # a credential that had more live redemptions than it may have
    "used_twice",
    metadata,
    Column("promotion", Text, primary_key=True),
    Column("credential", LargeBinary, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
