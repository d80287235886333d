"""The examples of the README's tables: one for each kind of credential and each rule, as an author writes it.

Each is a promotion with some fields of its own, and one question about it; what the answer is, nobody writes down.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.organisation import Organisation
from kiosk.core.voucher import Voucher, issue, key_id, reference
from tests.foreign_tickets import payload, sign

ORGANISATION = Organisation.model_validate({
    "name": "Harbor Grill",
    "floor": {"amount": "20.00", "currency": "USD"},
    "stores": [
        {"id": "bayside", "name": "Bayside", "time_zone": "America/New_York", "groups": ["coast"],
         "counters": [{"id": "front", "name": "Front"}, {"id": "bar", "name": "Bar"}]},
        {"id": "pier-9", "name": "Pier 9", "time_zone": "America/New_York", "groups": ["coast"]},
        {"id": "station", "name": "Station", "time_zone": "America/New_York"},
    ],
})  # fmt: skip

PROMOTION: Mapping[str, Any] = {
    "id": "tacos",
    "title": "Free shrimp tacos",
    "gives": "One shrimp tacos appetizer, free",
    "venue": "Harbor Grill",
    "value": {"amount": "12.00", "currency": "USD"},
    "valid": {"from": "2026-11-01", "until": "2026-11-30"},
    "credentials": ["listed", "word"],
    "words": ["SHRIMP20"],
    "codes": ["TACO-7F3K-9HXM"],
}
COFFEE: Mapping[str, Any] = {
    "id": "coffee",
    "title": "Free coffee",
    "gives": "A coffee",
    "value": {"amount": "3.50", "currency": "USD"},
    "valid": {"from": "2026-11-01", "until": "2026-11-30"},
    "credentials": ["word"],
    "words": ["MORNING"],
}
QUESTION: Mapping[str, Any] = {
    "promotions": "promotions.yaml",
    "store": "bayside",
    "counter": "front",
    "at": "2026-11-06T18:00:00-05:00",
    "credential": {"kind": "word", "text": "SHRIMP20"},
}
CODE = {"kind": "listed", "text": "TACO-7F3K-9HXM"}

_ISSUER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PUBLIC = _ISSUER.public_key().public_bytes_raw()
_VOUCHER = issue(Voucher(key_id(_PUBLIC), reference("tacos"), 7), _ISSUER)
_ISSUER_KEYS = [base64.b64encode(_PUBLIC).decode()]
_TICKET = sign(_ISSUER, payload(seed="a ticket", item=1))
_SECRET = "3132333435363738393031323334353637383930"  # RFC 6238, appendix B: 14050471 at 1111111111 seconds
_SCREEN = "screen: {offer: Free shrimp tacos, dates_shown: Nov 1 - Nov 30}"
_SHOWN = "21:14\n@zed.z\nHarbor Grill\nFree shrimp tacos\nNov 1 - Nov 30"


@dataclass(frozen=True, slots=True)
class Example:
    """``written`` is what stands in the promotion (YAML), ``held_up`` says what ``question`` asks.

    ``unwritten`` are fields that the example needs and that tell nothing new.
    """

    name: str
    written: str
    held_up: str
    question: Mapping[str, Any] = field(default_factory=dict)
    unwritten: Mapping[str, Any] = field(default_factory=dict)


def _used(**changes: Any) -> dict[str, Any]:
    at = {"store": "bayside", "at": "2026-11-06T17:30:00-05:00"}
    return {"promotion": "tacos", "credential": CODE, **at, **changes}


def _shown(kind: str, text: str, **changes: Any) -> dict[str, Any]:
    return {"credential": {"kind": kind, "text": text}, **changes}


_TAKES: dict[str, Any] = {"words": [], "codes": []}

CREDENTIALS = (
    Example("signed voucher", "credentials: [voucher]", "a voucher that head office signed",
            _shown("voucher", _VOUCHER, issuer_keys=_ISSUER_KEYS), _TAKES),
    Example("", "credentials: [voucher]", "the same, signed by somebody else", _shown("voucher", _VOUCHER), _TAKES),
    Example("listed code", "credentials: [listed]\ncodes: [TACO-7F3K-9HXM]", "taco 7f3k 9hxm",
            _shown("listed", "taco 7f3k 9hxm"), {"words": []}),
    Example("code word", "credentials: [word]\nwords: [SHRIMP20]", "5hrimp-2O", _shown("word", "5hrimp-2O"),
            {"codes": []}),
    Example("rotating code", "credentials: [rotating]\nrotating: {key: tacos-2026}", "its digits of this half minute",
            _shown("rotating", "14050471", at="2005-03-18T01:58:31Z",
                   rotating_keys={"tacos-2026": {"secret": _SECRET, "digits": 8}}),
            {**_TAKES, "valid": {"from": "2005-03-01", "until": "2005-03-31"}}),
    Example("", "credentials: [rotating]\nrotating: {key: tacos-2026}", "a picture of it, 5 minutes later",
            _shown("rotating", "14050471", at="2005-03-18T02:03:31Z",
                   rotating_keys={"tacos-2026": {"secret": _SECRET, "digits": 8}}),
            {**_TAKES, "valid": {"from": "2005-03-01", "until": "2005-03-31"}}),
    Example("GS1 coupon", "credentials: [gs1]\ngs1: {offer_codes: [\"123456\"]}", "(8112)001234561234560012345",
            _shown("gs1", "(8112)001234561234560012345"), _TAKES),
    Example("pretix ticket", "credentials: [foreign]\nforeign: {kind: pretix_sig1, key: …, items: [1]}",
            "a ticket that pretix signed", _shown("foreign", _TICKET),
            {**_TAKES, "foreign": {"kind": "pretix_sig1", "key": _ISSUER_KEYS[0], "items": [1]}}),
    Example("check-in screen", f"credentials: [screen]\n{_SCREEN}", "the screen, as posted", _shown("screen", _SHOWN),
            _TAKES),
    Example("", f"credentials: [screen]\n{_SCREEN}", "the same screen, same name and clock, again",
            _shown("screen", _SHOWN, history=[_used(credential={"kind": "screen", "text": _SHOWN})]), _TAKES),
    Example("", f"credentials: [screen]\n{_SCREEN}", "one with last month's dates",
            _shown("screen", _SHOWN.replace("Nov 1 - Nov 30", "Oct 1 - Oct 9")), _TAKES),
    Example("anything else", "credentials: [word]\nwords: [SHRIMP20]", "NOBODY-KNOWS", _shown("word", "NOBODY-KNOWS"),
            {"codes": []}),
)  # fmt: skip

RULES = (
    Example("dates", "valid: {from: 2026-11-20, until: 2026-11-30}", "on 6 November"),
    Example("", "valid: {from: 2026-11-01, until: 2026-11-05}", "on 6 November"),
    Example("days", "valid: {from: 2026-11-01, until: 2026-11-30, days: [sat, sun]}", "on a Friday"),
    Example("hours", "valid: {from: 2026-11-01, until: 2026-11-30, hours: [\"19:00-22:00\"]}", "at 18:00"),
    Example("hours over midnight", "valid: {from: 2026-11-01, until: 2026-11-06, hours: [\"22:00-02:00\"]}",
            "at 01:59 after the last evening", {"at": "2026-11-07T01:59:00-05:00"}),
    Example("the store's own time", "valid: {from: 2026-11-01, until: 2026-11-30}",
            "at 04:59 UTC on 1 December, in New York", {"at": "2026-12-01T04:59:00Z"}),
    Example("days left out", "valid: {from: 2026-11-01, until: 2026-11-30, except: [2026-11-06]}", "on 6 November"),
    Example("stores", "stores: [pier-9]", "at Bayside"),
    Example("store groups", "stores: [coast]", "at Station, which is not of that group", {"store": "station"}),
    Example("counters", "stores: [bayside/bar]", "at the counter Front"),
    Example("limit in all", "limits: {total: 1}", "after one",
            {"history": [_used(store="pier-9")]}),
    Example("per store", "limits: {per_store: 1}", "after one there", {"history": [_used()]}),
    Example("per store and day", "limits: {per_store_day: 1}", "after one there today", {"history": [_used()]}),
    Example("per clerk and day", "limits: {per_clerk_day: 1}", "after one by the same clerk today",
            {"clerk": "marta", "history": [_used(clerk="marta")]}),
    Example("per customer", "limits: {per_customer: 1}", "by a customer who had one",
            {"holder": "Ana", "history": [_used(holder="ana")]}),
    Example("per code", "limits: {per_code: 2}", "a listed code, used once",
            {"credential": CODE, "history": [_used()]}),
    Example("", "limits: {per_code: 2}", "the same, used twice elsewhere",
            {"credential": CODE, "history": [_used(store="pier-9"), _used(store="pier-9")]}),
    Example("budget", "limits: {budget: \"20.00\"}", "$12.00, after $12.00", {"history": [_used()]}),
    Example("smallest basket", "basket: {min: \"20.00\"}", "in a sale of $19.99", {"basket_minor": 1999}),
    Example("largest basket", "basket: {max: \"200.00\"}", "in a sale of $200.01", {"basket_minor": 20001}),
    Example("stacking", "stacks_with: []", "after Free coffee in the same sale", {"in_sale": ["coffee"]}),
    Example("", "stacks_with: [coffee]\nstack_cap: \"15.50\"", "the same: $3.50 and $12.00", {"in_sale": ["coffee"]}),
    Example("", "stacks_with: [coffee]\nstack_cap: \"15.00\"", "the same: $3.50 and $12.00", {"in_sale": ["coffee"]}),
    Example("grace", "valid: {from: 2026-11-01, until: 2026-11-05}\ngrace_days: 1", "a day late"),
    Example("paused", "paused: true", "any day"),
    Example("teaser", "announce_from: 2026-11-01\nvalid: {from: 2026-11-13, until: 2026-11-30}", "a week early"),
    Example("", "announce_from: 2026-11-10\nvalid: {from: 2026-11-13, until: 2026-11-30}",
            "before it is announced"),
    Example("voids", "void_restores_use: true", "a code whose redemption was undone",
            {"credential": CODE, "history": [_used(), _used(void=True)]}),
    Example("", "void_restores_use: false", "the same", {"credential": CODE, "history": [_used(), _used(void=True)]}),
    Example("kind of credential", "credentials: [listed]", "its word, which it does not take",
            unwritten={"words": ["SHRIMP20"]}),
    Example("grade of evidence", "evidence: {word: \"10.00\"}", "a word, for something worth $12.00"),
    Example("offline: floor", "offline: {policy: floor, floor: \"20.00\", risk: \"200.00\"}",
            "a listed code, no network", {"credential": CODE, "online": False}),
    Example("", "offline: {policy: floor, floor: \"10.00\", risk: \"100.00\"}", "the same",
            {"credential": CODE, "online": False}),
    Example("offline: online", "offline: {policy: online}", "the same", {"credential": CODE, "online": False}),
    Example("offline: caps", "limits: {total: 100}", "a word, no network, no allowance left",
            {"online": False, "allowance": 0}),
)  # fmt: skip
