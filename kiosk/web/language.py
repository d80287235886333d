"""The language that words are told in: which one, its catalogue, and the text of a message in it.

Rules of this module:

- A message's id is its English sentence, with named placeholders: ``gettext("Ended %(day)s", day=day)``.
- Without variables a per cent sign stands for itself; with variables it is doubled.
- Catalogues are text (gettext's ``.po``), compiled in memory when a page first asks for a language.
- Which one: what was chosen in this browser, else the clerk's (as published), else the counter's, else what the
  browser asks for, else English. Choice and clerk are forgotten when the clerk signs out.
- A stream of events is told in the language of the page that opened it.
- Outside a request, and where a catalogue lacks a message, the words are English.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from io import BytesIO

import flask_babel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, has_request_context, request, session

from kiosk import assets

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Codes (BCP 47) and own names. All but English have a catalogue."""

_ENGLISH = "en"
_CHOICE = "language"
_CLERKS = "clerk_language"
_DEFAULT = "COUNTER_LANGUAGE"


def install(app: Flask, language: str = "") -> None:
    """Have ``app`` and its templates speak the languages; ``language`` (a code) is the counter's own, if it has one."""
    if language and language not in LANGUAGES:
        raise ValueError(f"no words in {language!r}: one of {', '.join(LANGUAGES)}")
    app.config[_DEFAULT] = language
    babel = flask_babel.Babel(app, default_locale=_ENGLISH, locale_selector=active)
    babel.domain_instance = _Catalogues()
    app.jinja_env.globals["language"] = active
    app.jinja_env.globals["languages"] = LANGUAGES


def active() -> str:
    """The code of the language that this request is answered in."""
    if not has_request_context():
        return _ENGLISH
    for known in (request.args.get(_CHOICE), session.get(_CHOICE), session.get(_CLERKS)):
        if known in LANGUAGES:
            return str(known)
    return current_app.config[_DEFAULT] or request.accept_languages.best_match(list(LANGUAGES)) or _ENGLISH


def choose(language: str) -> bool:
    """Keep ``language`` for this browser; False where there are no words in it."""
    if language not in LANGUAGES:
        return False
    session[_CHOICE] = language
    return True


def know_clerk(tags: Sequence[str]) -> None:
    """Who signed in speaks the languages of ``tags`` (BCP 47, the best first)."""
    session.pop(_CLERKS, None)
    spoken = [tag.partition("-")[0].lower() for tag in tags]
    known = next((one for one in spoken if one in LANGUAGES), None)
    if known is not None:
        session[_CLERKS] = known


def forget() -> None:
    """The clerk has left: what was chosen, and what that clerk speaks, is not the next one's."""
    session.pop(_CHOICE, None)
    session.pop(_CLERKS, None)


class _Catalogues(flask_babel.Domain):  # type: ignore[misc]  # Flask-Babel is published without types
    """Flask-Babel's domain, over the text of the catalogues instead of compiled files."""

    def get_translations(self) -> NullTranslations:
        locale = flask_babel.get_locale()
        return _catalogue(_ENGLISH if locale is None else locale.language)


@functools.cache
def _catalogue(language: str) -> NullTranslations:
    if language == _ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (assets.translations() / language / "LC_MESSAGES" / "messages.po").open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def gettext(message: str, **variables: object) -> str:
    """``message`` in the active language, its placeholders filled in."""
    return str(flask_babel.gettext(message, **variables))


def ngettext(one: str, many: str, num: int, **variables: object) -> str:
    """The form that ``num`` asks for; ``num`` is a placeholder too."""
    return str(flask_babel.ngettext(one, many, num, **variables))


def marked(message: str) -> str:
    """``message`` itself: it is translated where it is used, and only marked for the catalogues here."""
    return message
