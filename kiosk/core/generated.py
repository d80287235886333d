"""Codes that head office generates: no character looks like another, and the last one checks the others.

Rules of this module:

- The alphabet has 24 characters, none of them of a look-alike class (O Q 0, I L 1, S 5, B 8, Z 2), so that
  folding a code word never changes a generated code.
- Character *i* of the alphabet stands for a**i in GF(25), *a* a primitive element; 0 is no character. The
  characters of a code, weighted with a**0, a**1, a**2 ... by position, add up to zero. The 24 weights are
  distinct and not zero, so any one wrong character and any two swapped ones, neighbours or not, are noticed
  (the argument of ISO 7064 and of Reed-Solomon codes over a small field; lengths up to the order of *a*, 24).
- A payload whose check would have to be 0 is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable

ALPHABET = "34679acdefghjkmnprtuvwxy"
"""As folded texts have it, in lower case; printed in upper case."""
SHORTEST, LONGEST = 16, 24
GROUP = 4

_ORDER = len(ALPHABET)
_RANK = {character: rank for rank, character in enumerate(ALPHABET)}


def _powers() -> list[tuple[int, int]]:
    """a**0 ... a**23 as (x, y) for x + y*a, where a*a = 4*a + 3, that is a**2 + a + 2 = 0 over GF(5)."""
    powers, (low, high) = [], (1, 0)
    for _ in range(_ORDER):
        powers.append((low, high))
        low, high = 3 * high % 5, (low + 4 * high) % 5
    return powers


_POWERS = _powers()
_LOGARITHM = {element: exponent for exponent, element in enumerate(_POWERS)}


def make(draw: Callable[[int], int], length: int = SHORTEST) -> str:
    """A new code of ``length`` characters, folded; ``draw(n)`` gives a number below n, each as likely.

    Raises ``ValueError`` for a length that no generated code has.
    """
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"a generated code has {SHORTEST} to {LONGEST} characters, not {length}")
    while True:
        payload = "".join(ALPHABET[draw(_ORDER)] for _ in range(length - 1))
        low, high = _sum(payload)
        needed = _LOGARITHM.get((-low % 5, -high % 5))
        if needed is not None:
            return payload + ALPHABET[(needed - (length - 1)) % _ORDER]


def printed(code: str) -> str:
    """A folded code as it is printed: upper case, in groups of four with hyphens."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)).upper()


def has_shape(folded: str) -> bool:
    """Whether a folded text could be a generated code, right or misread: its length and all its characters."""
    return SHORTEST <= len(folded) <= LONGEST and all(character in _RANK for character in folded)


def checks(folded: str) -> bool:
    """Whether a folded text is a generated code, its check character right."""
    return has_shape(folded) and _sum(folded) == (0, 0)


def is_misread(folded: str) -> bool:
    """Whether it is a generated code of which a character was misread or two were swapped."""
    return has_shape(folded) and not checks(folded)


def keyspace(length: int) -> int:
    """How many codes of that length check: words of non-zero elements of GF(25) that add up to zero."""
    return int((_ORDER**length + _ORDER * (-1) ** length) // 25)


def _sum(characters: str) -> tuple[int, int]:
    low = high = 0
    for position, character in enumerate(characters):
        x, y = _POWERS[(position + _RANK[character]) % _ORDER]
        low, high = low + x, high + y
    return low % 5, high % 5
