"""The only writer of the journal file: append and read, never update or delete."""

from kiosk.journal.journal import Journal

__all__ = ["Journal"]
