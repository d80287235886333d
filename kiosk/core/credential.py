"""What a customer holds up, as text: cleaned, folded for comparison, and hashed under the fleet's key.

Rules of this module:

- Cleaning: CR LF becomes LF, byte order marks and NUL go, outer white space goes. Nothing left, nothing
  left after folding, a lone surrogate, or more than 4,296 characters is malformed.
- Folding compares codes: separators (white space, zero-width spaces, every Unicode dash) go, then
  canonical caseless matching (Unicode 3.13, D145), composed again.
- Word folding compares code words: folding, accents go (nonspacing marks), and each look-alike becomes a digit
  (O Q 0, I L 1, S 5, B 8, Z 2). Codes keep their accents: imported ones are taken as they are.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 4296
DIGEST_BYTES = 16

_DROPPED = str.maketrans("", "", "\x00\ufeff")
_SPACES = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"  # the last three have no width
)
_DASHES = (  # Unicode's Pd, and what is drawn like one: soft hyphen, minus, superscript and subscript minus
    "-\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030"
    "\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead\xad\u2212\u207b\u208b"
)
_SEPARATORS = str.maketrans("", "", _SPACES + _DASHES)
_LOOK_ALIKES = str.maketrans("oqilsbz", "0011582")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Presented:
    """One text as it was held up: cleaned, folded for codes, and folded further for code words."""

    text: str
    folded: str
    word: str


def fold(text: str) -> str:
    """``text`` as codes are compared: without separators, case or composition."""
    bare = text.translate(_SEPARATORS)
    if bare.isascii():
        return bare.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", bare).casefold())


def fold_word(folded: str) -> str:
    """An already folded text as code words are compared: without accents, look-alikes made one."""
    if not folded.isascii():
        apart = unicodedata.normalize("NFD", folded)
        bare = "".join(one for one in apart if unicodedata.category(one) != "Mn")
        if (
            bare and bare != apart
        ):  # of nothing but marks something is left; Hangul read in parts stays as long as it is
            folded = unicodedata.normalize("NFC", bare)
    return folded.translate(_LOOK_ALIKES)


def present(raw: str) -> Presented | None:
    """What ``raw`` (from a camera, a scanner or a keyboard) holds up; None where it is malformed."""
    text = raw.translate(_DROPPED) if "\x00" in raw or "\ufeff" in raw else raw
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_CHARACTERS or (not text.isascii() and _SURROGATE.search(text)):
        return None
    folded = fold(text)
    return Presented(text, folded, fold_word(folded)) if folded else None


def digest(fleet_key: bytes, kind: str, folded: str) -> bytes:
    """The 16 bytes by which a credential is known in caches and journals: keyed, so the code cannot be read."""
    return hmac.digest(fleet_key, kind.encode() + b"\x00" + folded.encode(), "sha256")[:DIGEST_BYTES]
