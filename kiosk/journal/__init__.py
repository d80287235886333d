"""The only writer of the journal file: append and read, never update or delete."""

from kiosk.journal.journal import Journal
from kiosk.journal.verify import Broken, FeedReport, VerifyReport, verify, verify_command

__all__ = ["Broken", "FeedReport", "Journal", "VerifyReport", "verify", "verify_command"]
