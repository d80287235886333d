"""The catalogues: complete, of one mind with the code, short enough; and which language a page is told in."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale

from kiosk.commands import counter
from kiosk.core.organisation import Person
from kiosk.core.verdict import FactValue, Outcome, Reason
from kiosk.web import language, times
from kiosk.web.asked import Asked, either
from kiosk.web.ways import WIDE_HEADLINE
from kiosk.web.words import NARROW_HEADLINE, for_customer, for_outcome, for_reason
from tests.counter_pages import CHECKOUT, Pages, signed_in
from tests.fakes_counter import FRIDAY, promotion

NEW_YORK = ZoneInfo("America/New_York")
TRANSLATED = [code for code in language.LANGUAGES if code != "en"]
KEYWORDS = {"_": None, "gettext": None, "marked": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")

USD: dict[str, FactValue] = {"amount": "20.00", "currency": "USD"}
FACTS: dict[str, FactValue] = {
    "starts_at": "2026-11-25T17:00:00-05:00",
    "next_ok": {"at": "2026-11-25T17:00:00-05:00", "until": "2026-11-25T22:00:00-05:00", "stores": ["Pier 9"]},
    "used_at": "2026-11-14T18:40:00-05:00", "used_store": "Pier 9", "shown_at": "2026-11-20T18:40:00-05:00",
    "ended_on": "2026-11-14", "grace_until": "2026-11-21", "late_days": 6, "stores": ["Pier 9"], "counters": ["Bar"],
    "limit": 40, "used": 40, "left": 0, "cost": USD, "budget": USD, "budget_left": USD, "basket": USD,
    "basket_min": USD, "basket_max": USD, "stack_cap": USD, "already_off": USD, "evidence_cap": USD, "floor": USD,
    "credentials": ["voucher", "listed"], "issuer": "17", "published_at": "2026-10-21T18:40:00-04:00",
    "clock_from": "2026-11-20T18:40:00-05:00", "clock_until": "2026-11-21T18:40:00-05:00",
}  # fmt: skip


def written(code: str) -> Catalog:
    path = CHECKOUT / "kiosk" / "translations" / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as text:
        return read_po(text, locale=code)


def ids_in_use() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for folder, method in (("kiosk/web", ("**.py", "python")), ("templates/counter", ("**.html", "jinja2")),
                           ("templates/shared", ("**.html", "jinja2"))):  # fmt: skip
        for _, _, message, _, _ in extract_from_dir(CHECKOUT / folder, [method], keywords=KEYWORDS):
            found.add(message)
    return found


@pytest.fixture(params=list(language.LANGUAGES))
def told_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """Words come in one language."""
    app = Flask(__name__)
    app.secret_key = b"k" * 32
    language.install(app)
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def asked(facts: dict[str, FactValue], outcome: Outcome | None = None) -> Asked:
    both = ("Bayside", "Pier 9")
    return Asked(facts, promotion(), NEW_YORK, FRIDAY, "Bayside", both, None, outcome)


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """The one form of a text, or all of its plural's."""
    return (text,) if isinstance(text, str) else tuple(text or ())


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_message_of_code_and_pages_has_a_text_in_each_language_and_no_other_does(code: str) -> None:
    texts = {message.id: message for message in written(code) if message.id}
    assert set(texts) == ids_in_use()
    empty = [message.id for message in texts.values() if not all([message.string, *_forms(message.string)])]
    assert not empty


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_text_is_a_guess(code: str) -> None:
    catalogue = written(code)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not catalogue.obsolete


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_text_has_the_placeholders_of_its_message(code: str) -> None:
    for message in written(code):
        ids, texts = _forms(message.id), _forms(message.string)
        wanted = {name for one in ids for name in PLACEHOLDER.findall(one)}
        for text in texts if message.id else ():
            assert set(PLACEHOLDER.findall(text)) | {"num"} == wanted | {"num"}, message.id
            assert ("%%" in text) == ("%%" in ids[0])


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_text_has_the_lines_and_outer_spaces_of_its_message(code: str) -> None:
    for message in written(code):
        if isinstance(message.id, str) and message.id:
            text = str(message.string)
            assert text.count("\n") == message.id.count("\n"), message.id
            assert (text[0] == " ", text[-1] == " ") == (message.id[0] == " ", message.id[-1] == " "), message.id


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize(
    "facts", [{}, FACTS, {"limit": 1, "used": 1, "in_sale": ["Free fries"]}], ids=["none", "all", "few"]
)
def test_headlines_fit_in_each_language(told_in: str, reason: Reason, facts: dict[str, FactValue]) -> None:
    for outcome in (None, Outcome.ASK):
        words, theirs = for_reason(reason, asked(facts, outcome)), for_customer(reason, asked(facts, outcome))
        beside_the_stub = reason in (Reason.OK, Reason.LOOK_AT_SCREEN, Reason.SEEN_BEFORE)
        assert len(words.headline) <= (NARROW_HEADLINE if beside_the_stub else WIDE_HEADLINE), words.headline
        assert len(theirs.headline) <= WIDE_HEADLINE, theirs.headline
        assert all((words.sub, words.say, theirs.sub))


@pytest.mark.parametrize("reason", list(Reason))
def test_no_language_blames_or_says_invalid(told_in: str, reason: Reason) -> None:
    words = for_reason(reason, asked(FACTS))
    said = f"{words.headline} {words.sub} {words.say}".lower()
    assert not [word for word in ("invalid", "inválid", "fraud", "fals", "error") if word in said]


@pytest.mark.parametrize("told_in", ["es"], indirect=True)
@pytest.mark.parametrize(
    ("reason", "facts", "headline", "sub"),
    [
        (Reason.NOT_YET, {"starts_at": "2026-11-21T17:00:00-05:00"}, "Empieza mañana 17:00", "un día antes de tiempo."),
        (Reason.NOT_YET, {"starts_at": "2026-11-25T17:00:00-05:00"}, "Empieza miércoles", "5 días antes de tiempo."),
        (Reason.OVER, {"ended_on": "2026-11-14"}, "Terminó sáb 14 nov", "pero ya terminó."),
        (Reason.LATE_WITHIN_GRACE, {"ended_on": "2026-11-19"}, "Terminó ayer", "El encargado puede decir que sí."),
        (Reason.LIMIT_STORE, {"limit": 1}, "Aquí ya no quedan", "Se entregó el único de este local."),
        (Reason.LIMIT_STORE, {"limit": 40}, "Aquí ya no quedan", "Se entregaron los 40 de este local."),
        (Reason.BASKET_TOO_SMALL, {"basket_min": USD, "basket": USD}, "Desde $20.00", "Esta venta suma $20.00."),
        (Reason.NEEDS_HEAD_OFFICE, {}, "Sin conexión", "Este necesita a la central."),
    ],
)
def test_spanish_says_the_fact(
    told_in: str, reason: Reason, facts: dict[str, FactValue], headline: str, sub: str
) -> None:
    words = for_reason(reason, asked(facts))
    assert words.headline == headline
    assert words.sub.endswith(sub)


@pytest.mark.parametrize("told_in", ["es"], indirect=True)
def test_spanish_tells_one_o_clock_and_lists_in_its_own_way(told_in: str) -> None:
    one, five = times.parse("2026-11-21T01:00:00-05:00"), times.parse("2026-11-21T17:00:00-05:00")
    assert one is not None
    assert five is not None
    assert times.spoken(one, NEW_YORK, FRIDAY) == "mañana a la 01:00"
    assert times.spoken(five, NEW_YORK, FRIDAY) == "mañana a las 17:00"
    assert either(["Bayside", "Pier 9", "Quay"]) == "Bayside, Pier 9 o Quay"


@pytest.mark.parametrize("told_in", ["es"], indirect=True)
def test_an_outcome_has_its_word(told_in: str) -> None:
    assert [for_outcome(one) for one in Outcome] == ["Aceptar", "Revisar", "Consultar", "Rechazar"]


# --- which language a page is told in ------------------------------------------------------------


def test_a_browser_that_asks_for_spanish_gets_it_and_another_gets_english() -> None:
    pages = Pages()
    ask = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
    assert '<html lang="es"' in pages.client.get("/sign-in", headers=ask).text
    assert '<html lang="en"' in pages.client.get("/sign-in", headers={"Accept-Language": "fi"}).text


def test_what_a_browser_has_chosen_stays_through_signing_in_and_counts_more_than_what_it_asks_for() -> None:
    pages = Pages()
    pages.get("/sign-in")
    assert pages.post("/language", language="es").status_code == 303
    pages.sign_in()
    page = pages.get("/")
    assert '<html lang="es"' in page.text
    assert "Siguiente cliente" not in page.text
    assert "En línea" in page.text


def test_a_clerk_is_spoken_to_in_the_first_language_that_has_words_until_signing_out() -> None:
    pages = Pages()
    people = (Person(id="ana", name="Ana Marta", languages=("pt-BR", "es-MX", "en")),)
    known = pages.counter.catalogue
    pages.counter.catalogue = replace(known, organisation=known.organisation.model_copy(update={"people": people}))
    assert '<html lang="en"' in pages.get("/sign-in").text
    pages.sign_in()
    assert '<html lang="es"' in pages.get("/").text
    pages.post("/language", language="en")
    assert '<html lang="en"' in pages.get("/").text
    pages.post("/sign-out")
    pages.sign_in("ben")
    assert '<html lang="en"' in pages.get("/").text
    pages.post("/sign-out")
    pages.sign_in()
    assert '<html lang="es"' in pages.get("/").text


def test_a_refusal_is_told_in_the_language_that_was_chosen() -> None:
    pages = Pages()
    pages.sign_in()
    pages.get("/")
    pages.post("/language", language="es")
    pages.counter.refuse(Reason.NEEDS_HEAD_OFFICE, {})
    page = pages.get("/").text
    assert "Sin conexión" in page
    assert "Siguiente cliente" in page
    assert Reason.NEEDS_HEAD_OFFICE.value in page


def test_a_stream_is_told_in_the_language_of_the_page_that_opened_it() -> None:
    pages = signed_in()
    page = pages.get("/").text
    assert 'sse-connect="/events?language=en"' in page
    pages.counter.refuse(Reason.NEEDS_HEAD_OFFICE, {})
    answer = pages.client.get("/events?language=es", buffered=False)
    parts = iter(answer.response)
    told = next(parts) + next(parts)  # type: ignore[operator]  # bytes, once a test client has it
    answer.close()
    assert "Sin conexión".encode() in bytes(told)


def test_a_language_without_words_is_malformed_and_changes_nothing() -> None:
    pages = Pages()
    pages.get("/sign-in")
    assert pages.post("/language", language="tlh").status_code == 422
    assert '<html lang="en"' in pages.get("/sign-in").text


def test_a_counter_of_its_own_language_speaks_it_until_a_browser_chooses() -> None:
    app = Flask(__name__)
    app.secret_key = b"k" * 32
    language.install(app, "es")
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert language.active() == "es"
        assert language.choose("en")
        assert language.active() == "en"


def test_a_counter_is_not_started_in_a_language_without_words() -> None:
    with pytest.raises(ValueError, match="en, es"):
        language.install(Flask(__name__), "tlh")


def test_a_counter_can_be_started_in_each_language_that_has_words() -> None:
    parser = argparse.ArgumentParser()
    counter.add_parser(parser.add_subparsers(), lambda _: 0)
    for code in language.LANGUAGES:
        assert parser.parse_args(["counter", "--language", code]).language == code
    assert parser.parse_args(["counter"]).language == ""
