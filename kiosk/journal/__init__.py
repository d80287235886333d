"""The only writer of the journal file: append, read, and prune behind a signed snapshot; never update."""

from kiosk.journal.journal import Journal
from kiosk.journal.verify import Broken, FeedReport, VerifyReport, verify, verify_command

__all__ = ["Broken", "FeedReport", "Journal", "VerifyReport", "verify", "verify_command"]
