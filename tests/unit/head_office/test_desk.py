"""How counters come in: one-time codes, tries, lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import ExchangeError
from sync.enrol import Code, enrol, finish, hello, parse_code, request
from sync.head_office import desk
from sync.head_office.desk import CODE_TTL_MS, WRONG_TRIES, DeskError, counters, create_enrolment_code, set_address
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_world import Dice, an_office, clock, enrolled, key_number, line_to


@pytest.fixture(autouse=True)
def _stretch_lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.enrol.SCRYPT_N", 16)


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def come_in(office: HeadOffice, code: str, key: int = 1) -> str:
    enrolment = enrol(code, key_number(key), post=line_to(office), chance=Dice().octets).enrolment("http://x")
    return f"{enrolment.origin}@{enrolment.incarnation}"


def wrong(code: str) -> str:
    """The same code with another secret."""
    parsed = parse_code(code)
    return str(Code(parsed.id, ("A" if parsed.secret[0] != "A" else "C") + parsed.secret[1:]))


def refusal(office: HeadOffice, code: str) -> str:
    with pytest.raises(ExchangeError) as refused:
        come_in(office, code)
    return refused.value.code


def test_a_code_admits_one_device_and_pins_both_keys(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    enrolment = enrol(code, key_number(1), post=line_to(office), chance=Dice().octets).enrolment("http://x")
    assert (enrolment.store, enrolment.counter, enrolment.incarnation) == ("bayside", "front", 1)
    assert enrolment.root_key == office.keys.root_public
    assert dict(enrolment.head_office_keys) == {1: office.keys.feed_public}
    (life,) = office.store.enrolments()
    assert life.public_key == key_number(1).public_key().public_bytes_raw()


def test_a_code_is_used_once(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    come_in(office, code)
    assert refusal(office, code) == "enrol-code-used"


def test_the_same_request_again_gets_the_same_answer(office: HeadOffice) -> None:
    code = parse_code(create_enrolment_code(office, "bayside", "front").code)
    pending = request(code, desk.enrol(office, hello(code)), key_number(1), Dice().octets)
    first, second = desk.enrol(office, pending.message), desk.enrol(office, pending.message)
    assert first == second
    assert finish(pending, second).incarnation == 1
    assert len(office.store.enrolments()) == 1


def test_another_request_with_a_used_code_is_refused(office: HeadOffice) -> None:
    code = parse_code(create_enrolment_code(office, "bayside", "front").code)
    greeted = desk.enrol(office, hello(code))
    desk.enrol(office, request(code, greeted, key_number(1), Dice().octets).message)
    with pytest.raises(ExchangeError) as refused:
        desk.enrol(office, request(code, greeted, key_number(2), Dice().octets).message)
    assert refused.value.code == "enrol-code-used"


def test_four_wrong_tries_leave_the_code_alive(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    for _ in range(WRONG_TRIES - 1):
        assert refusal(office, wrong(code)) == "enrol-code-wrong"
    assert come_in(office, code) == "bayside/front@1"


def test_the_fifth_wrong_try_kills_the_code(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    for _ in range(WRONG_TRIES):
        assert refusal(office, wrong(code)) == "enrol-code-wrong"
    assert refusal(office, code) == "enrol-code-wrong"
    assert office.store.enrolments() == []


def test_a_code_lives_until_a_day_is_over(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    clock(office).advance(CODE_TTL_MS / 1000 - 1)
    assert come_in(office, code) == "bayside/front@1"


def test_a_code_of_yesterday_is_refused(office: HeadOffice) -> None:
    code = create_enrolment_code(office, "bayside", "front").code
    clock(office).advance(CODE_TTL_MS / 1000)
    assert refusal(office, code) == "enrol-code-expired"


def test_a_new_code_puts_the_one_before_out_of_force(office: HeadOffice) -> None:
    first = create_enrolment_code(office, "bayside", "front").code
    second = create_enrolment_code(office, "bayside", "front").code
    assert refusal(office, first) == "enrol-code-wrong"
    assert come_in(office, second) == "bayside/front@1"


def test_codes_of_two_counters_live_side_by_side(office: HeadOffice) -> None:
    front = create_enrolment_code(office, "bayside", "front").code
    bar = create_enrolment_code(office, "bayside", "bar").code
    assert come_in(office, front) == "bayside/front@1"
    assert come_in(office, bar, 2) == "bayside/bar@1"


def test_the_code_itself_is_not_kept(office: HeadOffice) -> None:
    shown = create_enrolment_code(office, "bayside", "front").code
    secret = parse_code(shown).secret
    assert secret.encode() not in repr(vars(office.store)).encode()


def test_each_life_has_a_number_and_a_key_epoch_of_its_own(office: HeadOffice) -> None:
    assert [str(enrolled(office, key=k).feed) for k in (1, 2, 3)] == [f"bayside/front@{k}" for k in (1, 2, 3)]
    assert [life.key_epoch for life in office.store.enrolments()] == [1, 2, 3]


@pytest.mark.parametrize(("store", "counter"), [("nowhere", "front"), ("bayside", "roof")])
def test_a_counter_that_is_not_published_gets_no_code(office: HeadOffice, store: str, counter: str) -> None:
    with pytest.raises(DeskError) as refused:
        create_enrolment_code(office, store, counter)
    assert refused.value.code == "counter-unknown"
    assert "bayside" in refused.value.cure


def test_before_anything_is_published_there_is_no_code(tmp_path: Path) -> None:
    with pytest.raises(DeskError) as refused:
        create_enrolment_code(an_office(tmp_path, published=False), "bayside", "front")
    assert refused.value.code == "not-published"


def test_bytes_that_are_no_enrolment_are_refused(office: HeadOffice) -> None:
    with pytest.raises(ExchangeError) as refused:
        desk.enrol(office, b"\x80")
    assert refused.value.code == "message-malformed"


def test_counters_are_listed_with_their_device_and_code(office: HeadOffice) -> None:
    enrolled(office)
    create_enrolment_code(office, "bayside", "bar")
    states = {f"{one.store}/{one.counter}": one for one in counters(office)}
    assert list(states) == ["bayside/front", "bayside/bar", "pier-9/front"]
    front, bar = states["bayside/front"], states["bayside/bar"]
    assert front.enrolment is not None
    assert front.code is None
    assert bar.enrolment is None
    assert bar.code is not None
    assert bar.counter_name == "Bar"


def test_a_counter_taken_out_of_the_organisation_stays_in_the_list(office: HeadOffice) -> None:
    enrolled(office)
    publish(office, promotions="promotions: []", organisation="name: H\nstores: []")
    assert [(one.store, one.counter_name) for one in counters(office)] == [("bayside", "front")]


def test_an_address_is_kept_over_a_new_enrolment(office: HeadOffice) -> None:
    enrolled(office)
    set_address(office, "bayside", "front", "http://10.0.0.7:8710")
    enrolled(office, key=2)
    assert office.store.enrolments()[-1].address == "http://10.0.0.7:8710"


@pytest.mark.parametrize("address", ["10.0.0.7", "ftp://x", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_refused(office: HeadOffice, address: str) -> None:
    enrolled(office)
    with pytest.raises(DeskError) as refused:
        set_address(office, "bayside", "front", address)
    assert refused.value.code == "address-wrong"
