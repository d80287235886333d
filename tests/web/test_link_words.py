"""What the line says is wrong reaches a person in the page's language, word for word as the line says it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale

from kiosk.core.entry import FeedId
from kiosk.errors import ExchangeError
from kiosk.web import language
from kiosk.web.words_of_link import NEAR, TROUBLES, trouble_words
from sync import neighbours, replicator
from sync.exchange import Divergence, Taken
from sync.head_office import quarantine
from sync.head_office.records import Enrolment
from sync.wire import Exchange
from tests.head_office_pages import device


def test_the_sentences_of_the_line_are_those_that_have_a_translation() -> None:
    own, office = FeedId("bayside/front", 1), FeedId("head-office", 1)
    told = {
        replicator.trouble_in(Taken(Exchange({}), (), (Divergence(feed, None, None),)), own)  # type: ignore[arg-type]
        for feed in (own, office)
    }
    with pytest.raises(ExchangeError) as refused:
        quarantine.refuse_if_revoked(device_revoked())
    assert told | {refused.value.what} == TROUBLES
    assert frozenset({neighbours.COPIED}) == NEAR


def device_revoked() -> Enrolment:
    return replace(device(), revoked_at_ms=1)


def test_a_known_trouble_is_told_in_spanish_and_another_as_it_came() -> None:
    app = Flask(__name__)
    app.secret_key = b"k" * 32
    language.install(app)
    with app.test_request_context(), force_locale("es"):
        for trouble in TROUBLES:
            assert "central" in trouble_words(trouble)
        assert trouble_words("No answer from http://office") == "No answer from http://office"
        assert trouble_words(None) == ""
