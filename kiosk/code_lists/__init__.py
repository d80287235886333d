"""The counter's cache of listed codes: mapped files that say in microseconds whose a code is."""

from kiosk.code_lists.cache import CodeCache

__all__ = ["CodeCache"]
