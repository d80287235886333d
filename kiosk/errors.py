"""What a person can meet when something is wrong: what happened, where, what to do, and a code to read out.

A business refusal is a :class:`kiosk.core.verdict.Verdict`, never one of these.
"""

from __future__ import annotations


class CounterfoilError(Exception):
    """A fault a person can act on.

    ``code`` is a stable kebab-case word to read out on the phone, ``what`` says what happened,
    ``where`` names the file, line, feed or device, ``cure`` says what to do.
    """

    def __init__(self, code: str, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(code, what, where, cure)
        self.code = code
        self.what = what
        self.where = where
        self.cure = cure

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{self.what}{place}.{cure} [{self.code}]"


class JournalError(CounterfoilError):
    """The journal cannot be written or does not verify (torn, edited, disk full)."""


class AppendUnknownError(JournalError):
    """Whether an append reached the disk is unknown: stop, reopen, refold; never retry in place."""


class BundleError(CounterfoilError):
    """A bundle was refused; the one installed before stays in force."""


class ExchangeError(CounterfoilError):
    """A message between a counter and head office was refused; nothing of it was stored."""


class PublishError(CounterfoilError):
    """A promotion or organisation file cannot be published; ``problems`` in the subclass lists each."""


class CameraError(CounterfoilError):
    """A camera cannot be opened or stopped giving pictures."""


class SetupError(CounterfoilError):
    """The machine or the environment lacks something; ``cure`` says how to get it."""
