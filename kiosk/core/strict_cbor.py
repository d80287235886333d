"""Deterministic CBOR (RFC 8949 section 4.2.1), read strictly: one value has one spelling, and no tags.

For what came over a wire or out of a cache. Decoding is cheap to refuse: sizes and depth are capped, and
cbor2 may build none of its richer types (regular expressions, cycles, huge integers).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import cbor2

MAX_DEPTH = 16


class StrictCborError(ValueError):
    """Bytes that are not one value in deterministic CBOR."""


def _no_tags(*_: Any) -> NoReturn:
    raise StrictCborError("tags are not used here")


_BUILT_IN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_REFUSED: dict[int, Callable[..., Any]] = dict.fromkeys(_BUILT_IN_TAGS, _no_tags)


def encode(value: object) -> bytes:
    """Deterministic CBOR of ``value``."""
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes) -> Any:
    """The value that ``raw`` spells; raises :class:`StrictCborError` for anything that :func:`encode` never writes."""
    try:
        value = cbor2.loads(
            raw,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            tag_hook=_no_tags,
            semantic_decoders=_REFUSED,
        )
        same = encode(value) == raw
    except Exception as error:  # noqa: BLE001 (cbor2 raises a family of errors, and those of the types it builds)
        raise StrictCborError(str(error.__cause__ or error)[:120] or type(error).__name__) from None
    if not same:
        raise StrictCborError("it is not in the deterministic encoding")
    return value
