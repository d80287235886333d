"""A secret that is shown once: kept in the session of the one who made it between the post and the page after it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import session

_KEY = "once"


@dataclass(frozen=True, slots=True)
class Once:
    """A one-time code or a PIN. ``whose`` names its counter or clerk, ``until_ms`` when it is over (0: never)."""

    page: str
    whose: str
    secret: str
    until_ms: int = 0

    @property
    def groups(self) -> list[str]:
        """The secret in the groups in which one reads it out."""
        return self.secret.split("-")

    @property
    def spelled(self) -> str:
        """The secret letter by letter, for a screen reader."""
        return ", ".join(" ".join(group) for group in self.groups)


def show_once(once: Once) -> None:
    """Show ``once`` on the next page of that name."""
    session[_KEY] = asdict(once)


def shown_once(page: str) -> Once | None:
    """What ``page`` has to show this one time; it is gone from the session then."""
    kept = session.get(_KEY)
    if not isinstance(kept, dict) or kept.get("page") != page:
        return None
    session.pop(_KEY)
    return Once(**kept)
