"""The language that words are told in: marks them for the catalogues, and finds their text in the active one.

Rules of this module:

- A message's id is its English sentence, with named placeholders: ``gettext("Ended %(day)s", day=day)``.
- Without variables a per cent sign stands for itself; with variables it is doubled.
"""

from __future__ import annotations


def gettext(message: str, **variables: object) -> str:
    """``message`` in the active language, its placeholders filled in."""
    return message % variables if variables else message


def ngettext(one: str, many: str, num: int, **variables: object) -> str:
    """The form that ``num`` asks for; ``num`` is a placeholder too."""
    return (one if num == 1 else many) % {"num": num, **variables}


def marked(message: str) -> str:
    """``message`` itself: it is translated where it is used, and only marked for the catalogues here."""
    return message
