"""The text in the QR code that head office shows for a new counter: one code, and where head office is.

Rules of this module:

- ``CFE1:`` | the one-time code, 16 letters and digits, perhaps in groups | ``:`` | an http or https address.
- Whatever begins with ``CFE1:``, in either case, is for setting up a counter. It is never a customer's code: a counter
  at work must not answer it, show it or write it down, since it admits a device.
- Only the form is checked here. Whether the code is right, head office says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

PREFIX = "CFE1:"
MAX_ADDRESS_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class EnrolmentText:
    """A one-time code and head office's address, as filmed. The code is secret until it is used."""

    code: str = field(repr=False)
    head_office_url: str


def enrolment_text(code: str, head_office_url: str) -> str:
    """The text to show as a QR code; ``code`` with or without its dashes."""
    return f"{PREFIX}{code.replace('-', '')}:{head_office_url.rstrip('/')}"


def is_enrolment_text(text: str) -> bool:
    """Whether ``text`` is for setting up a counter, well-formed or not."""
    return text.strip()[: len(PREFIX)].upper() == PREFIX


def read_enrolment_text(text: str) -> EnrolmentText | None:
    """What was filmed; None where it is no such text, or names no address."""
    if not is_enrolment_text(text):
        return None
    code, _, address = text.strip()[len(PREFIX) :].partition(":")
    return EnrolmentText(code, address.rstrip("/")) if code and is_address(address) else None


def is_address(address: str) -> bool:
    """Whether ``address`` is http or https with a host, such as ``http://192.168.1.20:8700``, and nothing odd."""
    if not 0 < len(address) <= MAX_ADDRESS_CHARACTERS or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        # a name or password in it would be sent on, or shown; what stands behind the path is nothing of ours
        odd = parts.username is not None or parts.password is not None or parts.query or parts.fragment
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not odd
    except ValueError:
        return False
