"""``head-office voucher``: issue, revoke, rotate the key, say which keys there are.

Rules of this module:

- ``issue`` writes one voucher text a line on standard output; the JSON line is the last one, as everywhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kiosk.errors import SetupError
from sync.head_office.shell import Subparsers, answer, command, opened_office, say

MODULE_PIXELS = 8


def add_voucher(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``voucher`` with its commands."""
    voucher = inner.add_parser("voucher", help="issue and revoke signed vouchers", description="Signed vouchers.")
    verbs = voucher.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _add_issue(verbs)
    revoking = command(verbs, "revoke", "revoke vouchers by their serials; counters learn it by themselves", _revoke)
    revoking.add_argument("--key", required=True, metavar="ID", help="the issuer key that signed them")
    revoking.add_argument("--from", dest="first", type=int, required=True, metavar="N", help="the first serial")
    revoking.add_argument("--until", dest="last", type=int, required=True, metavar="N", help="the last serial")
    revoking.add_argument("--promotion", metavar="P", help="only vouchers of this promotion")
    rotating = command(verbs, "rotate-key", "make a new key that signs from now on", _rotate)
    rotating.add_argument(
        "--until", metavar="TIME", help="how long vouchers of the key before hold; none: as long as they say themselves"
    )
    command(verbs, "keys", "say which issuer keys there are, and what is revoked", _keys)


def _add_issue(verbs: Subparsers[argparse.ArgumentParser]) -> None:
    issuing = command(verbs, "issue", "issue vouchers: one text a line, then a line of JSON", _issue)
    issuing.add_argument("promotion", metavar="PROMOTION")
    issuing.add_argument("--count", type=int, default=1, metavar="N", help="how many (default: 1)")
    issuing.add_argument("--serial", type=int, metavar="N", help="the first serial (default: the next one)")
    issuing.add_argument(
        "--from",
        dest="starts",
        metavar="TIME",
        help="valid from: a day (the stores' midnight), or ISO 8601 with offset",
    )
    issuing.add_argument(
        "--until", dest="ends", metavar="TIME", help="valid before this time, or up to and with this day"
    )
    issuing.add_argument("--face", metavar="AMOUNT", help="what each is worth, such as 12.00")
    issuing.add_argument("--store", metavar="STORE", help="good at this store only")
    issuing.add_argument("--counter", metavar="COUNTER", help="good at this counter of the store only")
    issuing.add_argument("--png", type=Path, metavar="FOLDER", help="write each as a QR code too")


def _issue(args: argparse.Namespace) -> int:
    from sync.head_office.vouchers import Wanted, issue_vouchers

    wanted = Wanted(args.promotion, args.starts, args.ends, args.face, args.store, args.counter)
    if args.png is not None:
        _made_folder(args.png)
    with opened_office(args) as office:
        issued = issue_vouchers(office, wanted, args.count, args.serial)
    last = issued.first + len(issued.texts) - 1
    print("\n".join(issued.texts), flush=True)
    files = [] if args.png is None else _draw(args.png, f"{issued.promotion}-{issued.key}", issued.first, issued.texts)
    serials = f"serial {last}" if last == issued.first else f"serials {issued.first} to {last}"
    say(f"Vouchers of {issued.promotion}: {serials} of the key {issued.key}")
    if files:
        say(f"QR codes are in {args.png}: {len(files)}")
    answer(
        {"promotion": issued.promotion, "key": issued.key, "first": issued.first, "last": last,
         "count": len(issued.texts), "files": files}
    )  # fmt: skip
    return 0


def _made_folder(folder: Path) -> None:
    """Before serials are taken, so that none is lost for want of a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            "folder-not-writable", f"Cannot make {folder}: {error.strerror}", where=str(folder), cure="Name another."
        ) from None


def _draw(folder: Path, name: str, first: int, texts: Sequence[str]) -> list[str]:
    """A QR code of each text, level M; the names of the files."""
    files = []
    for serial, text in enumerate(texts, first):
        files.append(f"{name}-{serial}.png")
        try:
            (folder / files[-1]).write_bytes(_qr_png(text))
        except OSError as error:
            cure = "The vouchers are issued, their texts above; give the disk some room."
            raise SetupError(
                "folder-not-writable", f"Cannot write {files[-1]}: {error.strerror}", where=str(folder), cure=cure
            ) from None
    return files


def _qr_png(text: str) -> bytes:
    import cv2
    import numpy as np
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text, optimize=0)  # whole, in alphanumeric mode
    modules = np.kron(np.array(code.get_matrix(), bool), np.ones((MODULE_PIXELS, MODULE_PIXELS), bool))
    _, encoded = cv2.imencode(".png", np.where(modules, 0, 255).astype(np.uint8))
    return encoded.tobytes()


def _revoke(args: argparse.Namespace) -> int:
    from sync.head_office.vouchers import revoke_vouchers

    with opened_office(args) as office:
        revoked = revoke_vouchers(office, args.key, args.first, args.last, args.promotion)
    of = f" of {revoked.promotion}" if revoked.promotion else ""
    serials = f"serials {revoked.first} to {revoked.last} of the key {revoked.key}"
    say(f"Revoked{of}: {serials}. Counters fetch it by themselves.")
    answer({"key": revoked.key, "first": revoked.first, "last": revoked.last, "promotion": revoked.promotion})
    return 0


def _rotate(args: argparse.Namespace) -> int:
    from sync.head_office.vouchers import rotate_key

    with opened_office(args) as office:
        *before, newest = (_key(one) for one in rotate_key(office, args.until))
    say(f"The key {newest['key']} signs from now on. Counters fetch it by themselves.")
    if before:
        until = (
            f"before {before[-1]['trusted_until']}" if before[-1]["trusted_until"] else "as long as they say themselves"
        )
        say(f"Vouchers of the key {before[-1]['key']} hold {until}.")
    answer({"key": newest["key"], "before": before[-1] if before else None})
    return 0


def _keys(args: argparse.Namespace) -> int:
    from sync.head_office.vouchers import known_issuers

    with opened_office(args) as office:
        kept = known_issuers(office)
    keys = [_key(one) for one in kept.keys]
    for one in keys:
        until = f", trusted before {one['trusted_until']}" if one["trusted_until"] else ""
        say(f"{one['key']}: {one['next_serial'] - 1} is the last serial given{until}")
    revoked = [
        {"key": one.key, "first": one.first, "last": one.last, "promotion": one.promotion} for one in kept.revoked
    ]
    answer({"keys": keys, "revoked": revoked})
    return 0


def _key(one: Any) -> dict[str, Any]:
    from kiosk.clock import from_ms

    until_ms = one.trusted_until_ms
    return {
        "key": one.id,
        "public_key": one.public_key.hex(),
        "trusted_from": from_ms(one.trusted_from_ms).isoformat(timespec="seconds"),
        "trusted_until": None if until_ms is None else from_ms(until_ms).isoformat(timespec="seconds"),
        "next_serial": one.next_serial,
    }
