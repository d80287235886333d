"""What a verdict costs, and a signed voucher: decide [--rounds N] [--redemptions N] [--promotions N]

``decide_us_median`` (and p99) is one verdict on a text, present and decide, nothing cryptographic but the keyed hash:
code words and listed codes in equal parts, new, used, unknown, and of promotions that run elsewhere or not now, on a
standing of some ten thousand redemptions. ``voucher_ratio`` is the median time to parse and verify the text of a
voucher over that of verifying its signature with the same library, taken in turn in the same run; every voucher is
another one, and the largest there is. Times are microseconds of this process.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import digest, fold, present
from kiosk.core.decide import Place, decide
from kiosk.core.issuers import Issuer, Issuers
from kiosk.core.promotion import Promotion
from kiosk.core.standing import Standing
from kiosk.core.voucher import Voucher, counter_reference, issue, key_id, parse, reference
from tests.core_world import FLEET_KEY, NEIGHBOUR, ORGANISATION, OWN, at, milliseconds, redemption

Answer = TypeVar("Answer")
NOW = at("2026-11-06T18:30")
BAYSIDE = Place("bayside", "counter-1")
CODES_EACH = 50
VOUCHERS = 200
WARM_ROUNDS = 200


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench decide", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=20_000, metavar="N", help="verdicts; a tenth of it in vouchers")
    parser.add_argument("--redemptions", type=int, default=10_000, metavar="N")
    parser.add_argument("--promotions", type=int, default=200, metavar="N")
    args = parser.parse_args(arguments)
    return {
        **bench_decide(args.rounds, args.redemptions, args.promotions),
        **bench_vouchers(max(1, args.rounds // 10)),
    }


def timed(act: Callable[[], Answer]) -> tuple[Answer, float]:
    """What ``act`` gives, and how many microseconds it took."""
    began = time.perf_counter_ns()
    answer = act()
    return answer, (time.perf_counter_ns() - began) / 1000


@contextmanager
def undisturbed() -> Iterator[None]:
    """The garbage of making things ready is not collected in the middle of a figure."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- verdicts --------------------------------------------------------------------------------------


def bench_decide(rounds: int, redemptions: int, promotions: int) -> dict[str, Any]:
    """Decide ``rounds`` times; the figures as JSON values."""
    published = catalogue(promotions)
    standing = standing_of(published, redemptions)
    texts = held_up(promotions)
    times_us: list[float] = []
    reasons: Counter[str] = Counter()
    with undisturbed():
        for k in range(rounds + WARM_ROUNDS):
            text = texts[k % len(texts)]
            verdict, took_us = timed(lambda: decide(present(text), published, standing, BAYSIDE, NOW))  # noqa: B023
            if k >= WARM_ROUNDS:
                times_us.append(took_us)
                reasons[verdict.reason] += 1
    median, p99 = np.percentile(times_us, [50, 99])
    return {
        "decide_us_median": round(float(median), 2),
        "decide_us_p99": round(float(p99), 2),
        "decisions": len(times_us),
        "redemptions": redemptions,
        "promotions": promotions,
        "reasons": dict(sorted(reasons.items())),
    }


def catalogue(count: int) -> Catalogue:
    """``count`` promotions with a code word and listed codes each: most run now, some elsewhere or at another hour."""
    promotions = [_promotion(k) for k in range(count)]
    listed = {_digest("listed", code(k, i)): promotions[k].id for k in range(count) for i in range(CODES_EACH)}
    return Catalogue(
        7, milliseconds(NOW), ORGANISATION, {one.id: one for one in promotions}, listed, FLEET_KEY
    )  # fmt: skip


def _promotion(k: int) -> Promotion:
    fields: dict[str, Any] = {
        "id": f"promotion-{k}",
        "title": f"Promotion {k}",
        "gives": "One shrimp tacos appetizer, free",
        "value": {"amount": "12.00", "currency": "USD"},
        "valid": {"from": "2026-11-01", "until": "2026-11-30"},
        "credentials": ["listed", "word"],
        "words": [word(k)],
        "limits": {"total": 100_000},
    }
    if k % 10 == 3:
        fields["stores"] = ["sunset"]
    if k % 10 == 7:
        fields["valid"] |= {"days": ["mon", "fri", "sat"], "hours": ["11:00-14:00", "22:00-02:00"]}
    return Promotion.model_validate(fields)


def word(k: int) -> str:
    """The code word of promotion ``k``."""
    return f"Taco-Tuesday {k}"


def code(k: int, i: int) -> str:
    """Listed code ``i`` of promotion ``k``."""
    return f"TACO-{k:05}-{i:05}"


def _digest(kind: str, text: str) -> bytes:
    return digest(FLEET_KEY, kind, fold(text))


def standing_of(published: Catalogue, redemptions: int) -> Standing:
    """What this counter and its neighbour redeemed so far: every other one a listed code, which is spent by that."""
    standing, ids = Standing(OWN), list(published.promotions)
    for n in range(redemptions):
        k = n % len(ids)
        i = n // len(ids) % CODES_EACH
        listed = i % 2 == 0
        fact = redemption(
            n, promotion=ids[k], credential_kind="listed" if listed else "word",
            credential=_digest("listed", code(k, i)) if listed else _digest("word", word(k)),
        )  # fmt: skip
        standing.apply(OWN if n % 3 else NEIGHBOUR, n + 1, fact)
    return standing


def held_up(promotions: int) -> list[str]:
    """What customers show, in turn: words and listed codes in equal parts, and now and then one that nobody knows."""
    texts = []
    for k in range(promotions):
        texts += [word(k), code(k, 0), word(k).upper(), code(k, 1)]
        if k % 10 == 0:
            texts.append(f"https://example.com/menu/{k}")
    return texts


# --- vouchers --------------------------------------------------------------------------------------


def bench_vouchers(rounds: int) -> dict[str, Any]:
    """Parse and verify a voucher, verify its signature alone, in turn, ``rounds`` times; the figures as JSON values."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key()
    issuers = Issuers([Issuer(public.public_bytes_raw(), 0)])
    now_ms = milliseconds(NOW)
    texts = [issue(_voucher(public.public_bytes_raw(), serial), key) for serial in range(VOUCHERS)]
    read = [parse(text) for text in texts]
    whole_us: list[float] = []
    bare_us: list[float] = []
    with undisturbed():
        for k in range(rounds + WARM_ROUNDS):
            text, one = texts[k % VOUCHERS], read[k % VOUCHERS]
            checked, took_us = timed(lambda: issuers.check(text, now_ms))  # noqa: B023
            assert checked == one.voucher
            _, bare = timed(lambda: public.verify(one.signature, one.signed))  # noqa: B023
            if k >= WARM_ROUNDS:
                whole_us.append(took_us)
                bare_us.append(bare)
    whole, alone = float(np.median(whole_us)), float(np.median(bare_us))
    return {
        "voucher_ratio": round(whole / alone, 3),
        "voucher_us_median": round(whole, 2),
        "ed25519_us_median": round(alone, 2),
        "vouchers": len(whole_us),
    }


def _voucher(public: bytes, serial: int) -> Voucher:
    return Voucher(
        key_id(public), reference("tacos"), serial, milliseconds(NOW) - 1000, milliseconds(NOW) + 1000, 1200,
        reference("bayside"), counter_reference("counter-1"),
    )  # fmt: skip
