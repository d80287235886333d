"""The hex examples in PROTOCOL.md are what this code writes, byte for byte; to renew them: this file as a program."""

from __future__ import annotations

import io
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sync
from kiosk.contact import open_sealed
from kiosk.core.base45 import decode
from kiosk.core.bundle import seal_bundle, sign_roles
from kiosk.core.entry import NO_ENTRIES, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, encode_fact
from kiosk.core.reservation import Answer, Reply
from kiosk.core.rights import Right, RightKind
from kiosk.core.voucher import PREFIX, Voucher, counter_reference, issue, key_id, reference
from kiosk.enrolment_text import enrolment_text
from sync import certificates, enrol, stick, stick_file
from sync.contacts import encode_contacts
from sync.neighbour_messages import Reserve, RightsAsked, encode_reply, encode_reserve, encode_rights_asked
from sync.wire import Exchange, Kind, Party, Segment, decode_exchange, encode_exchange, encode_parts_request, seal

PROTOCOL = Path(sync.__path__[0]) / "PROTOCOL.md"
AT_MS = 1_793_966_400_000


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def counting(n: int) -> bytes:
    """As chance: 00 01 02 ... each time."""
    return bytes(range(n))


def voucher_text() -> str:
    """The voucher in PROTOCOL.md."""
    issuer = key(5)
    return issue(
        Voucher(
            key_id(issuer.public_key().public_bytes_raw()), reference("tacos"), 7, AT_MS, AT_MS + 86_400_000, 1200,
            reference("bayside"), counter_reference("front"),
        ),
        issuer,
    )  # fmt: skip


def examples() -> dict[str, bytes]:
    """Each example in PROTOCOL.md by its name."""
    feed = FeedId("bayside/front", 1)
    body = encode_fact(Answered(at_ms=AT_MS, n=1, clerk="mia"))
    (entry,) = chain(feed, NO_ENTRIES, [body])
    mark = sign_checkpoint(feed, Head(1, entry.hash), 1, AT_MS, key(1))
    exchange = Exchange({feed: Head(1, entry.hash)}, (Segment(feed, NO_ENTRIES, (body,), mark),), bundle_version=7)
    us = Party("bayside/front", 1, key(1))
    roles = sign_roles(version=1, publishing_keys=[key(4).public_key().public_bytes_raw()], root_key=key(3))
    envelope, _ = seal_bundle(
        version=7, published_at_ms=AT_MS, fresh_until_ms=AT_MS + 86_400_000, hard_until_ms=AT_MS + 2_592_000_000,
        parts={"staff": b"\x80"}, roles=roles, publishing_keys=[key(4)],
    )  # fmt: skip
    code = enrol.parse_code("7K3M-9XTA-4PWD-H2RC")
    offered = enrol.OfferedCode(
        code.id, "bayside/front", AT_MS, counting(16), enrol._stretch(code, counting(16)), counting(32)
    )
    pending = enrol.request(code, enrol.answer_hello(offered), key(1), counting)
    return {
        "entry-body": body,
        "entry-hash": entry.hash,
        "checkpoint-signed": mark.signed_bytes(),
        "checkpoint-signature": mark.signature,
        "exchange-body": encode_exchange(exchange),
        "exchange-message": seal(
            Kind.EXCHANGE, encode_exchange(exchange), party=us, recipient="head-office", nonce=counting(16), at_ms=AT_MS
        ),
        "certificate": certificates.issue(feed, 1, key(1).public_key().public_bytes_raw(), key(2)),
        "reserve-body": encode_reserve(Reserve("tacos", counting(16), counting(16))),
        "reserve-answer-body": encode_reply(Reply(Answer.RESERVED, FeedId("bayside/bar", 1))),
        "rights-body": encode_rights_asked(RightsAsked(Right(RightKind.TOTAL, "tacos"), 3)),
        "voucher": decode(voucher_text()[len(PREFIX) :]),
        "parts-body": encode_parts_request([bytes(32)]),
        "bundle-envelope": envelope,
        "stick-agreement-key": stick_file.agreement_public(key(2).public_key().public_bytes_raw()).public_bytes_raw(),
        "stick-record": stick_record(stick_content(exchange)),
        "enrol-hello": enrol.hello(code),
        "enrol-hello-answer": enrol.answer_hello(offered),
        "enrol-stretched": offered.stretched,
        "enrol-request": pending.message,
        "contacts-body": encode_contacts([(b"case-17", sealed_contact())]),
    }


LABEL = stick_file.Label(
    "bayside/front",
    "head-office",
    stick_file.short_id(key(2).public_key().public_bytes_raw()),
    stick_file.short_id(key(3).public_key().public_bytes_raw()),
    counting(16),
    AT_MS,
)


def stick_content(exchange: Exchange) -> bytes:
    """What the one record of the stick in PROTOCOL.md holds."""
    (content,) = stick.contents(Party("bayside/front", 1, key(1)), LABEL, [exchange])
    return content


def stick_record(content: bytes) -> bytes:
    """The record as it lies in a file whose key is 00 to 1f."""
    out = io.BytesIO()
    stick_file.write(out, LABEL, key(2).public_key().public_bytes_raw(), [content], counting)
    file = io.BytesIO(out.getvalue())
    stick_file.read_label(file)
    return file.read()


def opened_stick(shown: bytes) -> list[bytes]:
    """What is in the stick in PROTOCOL.md, read by head office."""
    file = io.BytesIO(shown)
    label, sealed = stick_file.read_label(file)
    assert label == LABEL
    return [content for _, content in stick_file.records(file, stick_file.open_key(label, sealed, key(2)))]


def sealed_stick() -> bytes:
    """A new one."""
    out = io.BytesIO()
    content = stick_content(decode_exchange(examples()["exchange-body"]))
    stick_file.write(out, LABEL, key(2).public_key().public_bytes_raw(), [content])
    return out.getvalue()


def sealed_contact() -> bytes:
    """The sealed contact details in PROTOCOL.md, which nobody can seal the same way again."""
    (text,) = re.findall(r"```octets contact-sealed\n(.*?)\n```", PROTOCOL.read_text(), re.DOTALL)
    return bytes.fromhex(text)


def block(name: str, value: bytes) -> str:
    """An example as PROTOCOL.md shows it: 32 bytes a line."""
    text = value.hex()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return f"```hex {name}\n" + "\n".join(lines) + "\n```"


def test_every_example_is_what_this_code_writes() -> None:
    shown = dict(re.findall(r"```hex (\S+)\n(.*?)\n```", PROTOCOL.read_text(), re.DOTALL))
    assert {name: bytes.fromhex(text) for name, text in shown.items()} == examples()


def test_the_stick_opens_and_holds_the_exchange() -> None:
    (shown,) = re.findall(r"```sealed stick-file\n(.*?)\n```", PROTOCOL.read_text(), re.DOTALL)
    assert opened_stick(bytes.fromhex(shown)) == [stick_content(decode_exchange(examples()["exchange-body"]))]


def test_the_text_of_the_voucher_is_what_this_code_writes() -> None:
    shown = re.findall(r"```text\n(CF1:.*?)\n```", PROTOCOL.read_text())
    assert shown == [voucher_text()]


def test_the_sealed_contact_details_open_with_their_key() -> None:
    opened = open_sealed(counting(32), "bayside/front", b"case-17", sealed_contact())
    assert opened.decode() == "Zo\u00eb, +1 555 0100"


def test_the_text_that_a_new_counter_films_is_what_this_code_writes() -> None:
    shown = re.findall(r"```text\n(CFE1:.*?)\n```", PROTOCOL.read_text())
    assert shown == [enrolment_text("7K3M-9XTA-4PWD-H2RC", "http://192.168.1.20:8700/")]


def test_every_refusal_is_in_its_table() -> None:
    folder = PROTOCOL.parent
    raised = {
        code
        for name in (
            "certificates",
            "lan",
            "lan_tls",
            "neighbourhood",
            "neighbours",
            "wire",
            "exchange",
            "enrol",
            "post",
            "stick",
            "stick_file",
            "stick_folder",
            "replicator",
            "head_office/quarantine",
        )
        for code in re.findall(
            r'(?:ExchangeError\(|StickError\(|UNREACHABLE = )\s*"([a-z-]+)"', (folder / f"{name}.py").read_text()
        )
    }
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", PROTOCOL.read_text(), re.MULTILINE)
    listed = {code for row in rows for code in re.findall(r"[a-z-]+", row)}
    assert raised - listed == set()


def main() -> None:
    """Write the examples into PROTOCOL.md."""
    made = examples()
    old = PROTOCOL.read_text()
    new = re.sub(r"```hex (\S+)\n.*?```", lambda found: block(found[1], made[found[1]]), old, flags=re.DOTALL)
    sealed = sealed_stick().hex()
    lines = "\n".join(sealed[at : at + 64] for at in range(0, len(sealed), 64))
    new = re.sub(r"```sealed stick-file\n.*?```", f"```sealed stick-file\n{lines}\n```", new, flags=re.DOTALL)
    PROTOCOL.write_text(new)


if __name__ == "__main__":
    main()
