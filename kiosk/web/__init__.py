"""The counter's pages."""

from kiosk.web.app import create_app

__all__ = ["create_app"]
