"""Accounts, sessions and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.head_office import accounts
from sync.head_office.accounts import (
    LEAST_CHARACTERS,
    AccountError,
    add_token,
    change_password,
    end_all_sessions,
    end_session,
    make_first_account,
    remove_token,
    reset_password,
    session_account,
    sign_in,
    start_session,
    token_of,
)
from sync.head_office.attempts import FIRST_WAIT_S, FREE_TRIES, LONGEST_WAIT_S, MOST_KEYS, Attempts
from sync.head_office.office import HeadOffice
from tests.head_office_world import an_office, clock
from tests.twins import SetClock

NEW = "four words nobody says"


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path, published=False)


@pytest.fixture
def password(office: HeadOffice) -> str:
    made = make_first_account(office)
    assert made is not None
    return made


def refusal(office: HeadOffice, password: str, name: str = "admin", address: str = "10.0.0.1") -> AccountError:
    with pytest.raises(AccountError) as refused:
        sign_in(office, name, password, address)
    return refused.value


def test_the_first_account_is_made_once(office: HeadOffice, password: str) -> None:
    assert make_first_account(office) is None
    assert len(password.replace("-", "")) == 16


def test_the_one_time_password_must_be_changed(office: HeadOffice, password: str) -> None:
    assert sign_in(office, "admin", password, "x").must_change
    changed = change_password(office, "admin", password, NEW, "x")
    assert not changed.must_change
    assert refusal(office, password).code == "login-wrong"
    assert not sign_in(office, "admin", NEW, "x").must_change


def test_the_password_is_kept_as_an_argon2_hash(office: HeadOffice, password: str) -> None:
    account = office.store.account("admin")
    assert account is not None
    assert account.password_hash.startswith("$argon2id$")
    assert password not in account.password_hash


@pytest.mark.parametrize(
    ("new", "code"), [("123456789", "password-short"), ("x" * 1_025, "password-long"), (None, "password-same")]
)
def test_a_password_that_will_not_do_is_refused(office: HeadOffice, password: str, new: str | None, code: str) -> None:
    with pytest.raises(AccountError) as refused:
        change_password(office, "admin", password, new or password, "x")
    assert refused.value.code == code
    assert sign_in(office, "admin", password, "x").must_change


def test_a_password_of_the_least_length_will_do(office: HeadOffice, password: str) -> None:
    assert not change_password(office, "admin", password, "x" * LEAST_CHARACTERS, "x").must_change


def test_the_old_password_is_needed_to_change_it(office: HeadOffice, password: str) -> None:
    with pytest.raises(AccountError) as refused:
        change_password(office, "admin", "wrong", NEW, "x")
    assert refused.value.code == "login-wrong"


def test_five_wrong_passwords_make_the_account_wait(office: HeadOffice, password: str) -> None:
    for k in range(FREE_TRIES):
        assert refusal(office, "wrong", address=f"10.0.0.{k}").code == "login-wrong"
    locked = refusal(office, password, address="10.0.0.99")
    assert (locked.code, locked.wait_s) == ("login-locked", FIRST_WAIT_S)
    assert "30 s" in locked.what
    clock(office).advance(FIRST_WAIT_S - 1)
    assert refusal(office, password).wait_s == 1
    clock(office).advance(1)
    assert sign_in(office, "admin", password, "x").name == "admin"


def test_five_wrong_names_make_the_address_wait(office: HeadOffice, password: str) -> None:
    for k in range(FREE_TRIES):
        refusal(office, "wrong", name=f"name-{k}")
    assert refusal(office, password).code == "login-locked"
    assert sign_in(office, "admin", password, "10.0.0.2").name == "admin"


def test_the_right_password_makes_the_count_new(office: HeadOffice, password: str) -> None:
    for _ in range(3):
        for _ in range(FREE_TRIES - 1):
            refusal(office, "wrong")
        assert sign_in(office, "admin", password, "10.0.0.1").name == "admin"


def test_each_wrong_try_waits_longer_up_to_a_quarter_of_an_hour() -> None:
    stand = SetClock()
    attempts = Attempts(stand)
    waits = []
    for _ in range(FREE_TRIES + 8):
        attempts.wrong("a")
        waits.append(attempts.wait_s("a"))
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert attempts.wait_s("b") == 0
    assert waits[-1] == LONGEST_WAIT_S


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    attempts = Attempts(SetClock())
    for k in range(MOST_KEYS + 2_000):
        attempts.wrong(f"name-{k}")
    assert len(attempts._counts) <= MOST_KEYS


def test_an_unknown_account_takes_as_long_as_a_known_one(
    office: HeadOffice, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def fits(password_hash: str, _password: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr(accounts, "_fits", fits)
    refusal(office, "x", name="nobody")
    assert checked == [accounts._nobody()]


def test_a_session_is_that_of_its_account_until_it_ends(office: HeadOffice, password: str) -> None:
    session: dict[str, Any] = {"left": "over"}
    start_session(session, sign_in(office, "admin", password, "x"))
    found = session_account(office, session)
    assert found is not None
    assert found.name == "admin"
    assert "left" not in session
    end_session(session)
    assert session_account(office, session) is None


def test_a_new_password_ends_every_other_session(office: HeadOffice, password: str) -> None:
    session: dict[str, Any] = {}
    start_session(session, sign_in(office, "admin", password, "x"))
    changed = change_password(office, "admin", password, NEW, "x")
    assert session_account(office, session) is None
    start_session(session, changed)
    assert session_account(office, session) is not None


def test_all_sessions_can_be_ended(office: HeadOffice, password: str) -> None:
    session: dict[str, Any] = {}
    start_session(session, sign_in(office, "admin", password, "x"))
    end_all_sessions(office, "admin")
    assert session_account(office, session) is None


@pytest.mark.parametrize("kept", [None, "admin", ["admin"], ["admin", 2], ["nobody", 1], [1, 1], {"a": 1}])
def test_a_cookie_of_another_shape_is_nobodys(office: HeadOffice, password: str, kept: object) -> None:
    assert session_account(office, {"account": kept}) is None


def test_a_lost_password_is_replaced_by_a_one_time_one(office: HeadOffice, password: str) -> None:
    change_password(office, "admin", password, NEW, "x")
    again = reset_password(office, "admin")
    assert sign_in(office, "admin", again, "x").must_change


def test_a_token_opens_until_it_is_removed(office: HeadOffice) -> None:
    token = add_token(office, "till")
    found = token_of(office, f"Bearer {token}")
    assert found is not None
    assert found.name == "till"
    assert token.encode() not in found.token_hash
    remove_token(office, "till")
    assert token_of(office, f"Bearer {token}") is None


def test_a_token_of_the_same_name_replaces_the_one_before(office: HeadOffice) -> None:
    first = add_token(office, "till")
    second = add_token(office, " till ")
    assert token_of(office, f"Bearer {first}") is None
    assert token_of(office, f"bearer  {second}") is not None


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "cft_x", "Bearer cft_x", "Bearer \ud800"]
)
def test_a_header_that_holds_no_token_opens_nothing(office: HeadOffice, header: str | None) -> None:
    add_token(office, "till")
    assert token_of(office, header) is None
