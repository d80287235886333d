"""Who may enter head office: accounts with passwords, sessions in signed cookies, tokens for machines.

Rules of this module:

- Passwords are kept as argon2 hashes, tokens as SHA-256 of 32 random bytes.
- Five wrong passwords for one account, or from one address, make the next one wait, longer each time.
- A cookie names the account and its session version; raising the version ends every session.
- The first account has a one-time password that is printed once and opens nothing but the page to change it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import MutableMapping
from dataclasses import replace
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kiosk.clock import to_ms
from kiosk.errors import CounterfoilError
from sync.head_office.office import HeadOffice
from sync.head_office.records import Account, Token

FIRST_ACCOUNT = "admin"
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1_024
TOKEN_PREFIX = "cft_"  # noqa: S105 (a prefix, so that a token is known for one where it leaks)
_HASHER = PasswordHasher()
_SESSION = "account"


class AccountError(CounterfoilError):
    """Somebody may not enter; ``wait_s`` is how long to wait where that is why."""

    wait_s: int = 0


def make_first_account(office: HeadOffice) -> str | None:
    """Make the account "admin" where there is none yet; its one-time password, which is shown once, or None."""
    with office.store.together() as store:
        if store.accounts():
            return None
        password = _one_time()
        store.put_account(
            Account(
                name=FIRST_ACCOUNT,
                password_hash=_HASHER.hash(password),
                must_change=True,
                session_version=1,
                created_at_ms=to_ms(office.clock.now()),
            )
        )
        return password


def reset_password(office: HeadOffice, name: str) -> str:
    """A one-time password for an account whose password is lost; all its sessions end. Raises ``account-unknown``."""
    password = _one_time()
    with office.store.together() as store:
        account = _known(store.account(name), name)
        hashed, version = _HASHER.hash(password), account.session_version + 1
        store.put_account(replace(account, password_hash=hashed, must_change=True, session_version=version))
    office.attempts.right(f"account {name[:80]}")
    return password


def _one_time() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


# --- passwords ---------------------------------------------------------------------------------


def sign_in(office: HeadOffice, name: str, password: str, address: str) -> Account:
    """The account whose password this is; raises :class:`AccountError` ``login-wrong`` or ``login-locked``.

    ``address`` is where the request came from.
    """
    keys = (f"account {name[:80]}", f"address {address}")
    wait_s = office.attempts.wait_s(*keys)
    if wait_s:
        raise _locked(wait_s)
    account = office.store.account(name)
    fits = _fits(account.password_hash if account else _nobody(), password)
    if account is None or not fits:
        office.attempts.wrong(*keys)
        raise AccountError("login-wrong", "That name or password is not right", cure="Try again; mind capital letters.")
    office.attempts.right(*keys)
    return account


def change_password(office: HeadOffice, name: str, old: str, new: str, address: str) -> Account:
    """Give an account another password and end all its sessions; start a new one with what this returns.

    Raises :class:`AccountError` as :func:`sign_in`, ``password-short``, ``password-long`` or ``password-same``.
    """
    sign_in(office, name, old, address)
    _check_password(old, new)
    hashed = _HASHER.hash(new)
    with office.store.together() as store:
        account = _known(store.account(name), name)
        changed = replace(account, password_hash=hashed, must_change=False, session_version=account.session_version + 1)
        store.put_account(changed)
    return changed


@cache
def _nobody() -> str:
    """A hash that no password fits, so that an unknown account takes as long as a known one."""
    return _HASHER.hash(secrets.token_hex(16))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return len(password) <= MOST_CHARACTERS and _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _check_password(old: str, new: str) -> None:
    if len(new) < LEAST_CHARACTERS:
        raise AccountError(
            "password-short",
            f"A password has at least {LEAST_CHARACTERS} characters",
            cure="Three or four words that nobody would say together are easy to keep.",
        )
    if len(new) > MOST_CHARACTERS:
        raise AccountError("password-long", f"A password has at most {MOST_CHARACTERS} characters", cure="Shorten it.")
    if new == old:
        raise AccountError("password-same", "That is the password you have", cure="Choose another one.")


def _locked(wait_s: int) -> AccountError:
    minutes, seconds = divmod(wait_s, 60)
    words = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    error = AccountError("login-locked", f"Too many wrong tries; wait {words}", cure="Then try again.")
    error.wait_s = wait_s
    return error


def _known(account: Account | None, name: str) -> Account:
    if account is None:
        raise AccountError("account-unknown", f"There is no account {name!r}", cure="Sign in again.")
    return account


# --- sessions ----------------------------------------------------------------------------------


def start_session(session: MutableMapping[str, Any], account: Account) -> None:
    """Make ``session`` (Flask's, a signed cookie) that of ``account``; what was in it before is gone."""
    session.clear()
    session[_SESSION] = [account.name, account.session_version]


def session_account(office: HeadOffice, session: MutableMapping[str, Any]) -> Account | None:
    """Whose session this is; None: nobody's, or it was ended."""
    kept = session.get(_SESSION)
    if not isinstance(kept, list) or len(kept) != 2:
        return None
    account = office.store.account(str(kept[0]))
    return account if account is not None and account.session_version == kept[1] else None


def end_session(session: MutableMapping[str, Any]) -> None:
    """Sign out in this browser."""
    session.clear()


def end_all_sessions(office: HeadOffice, name: str) -> None:
    """Sign an account out everywhere; raises ``account-unknown``."""
    with office.store.together() as store:
        account = _known(store.account(name), name)
        store.put_account(replace(account, session_version=account.session_version + 1))


# --- tokens ------------------------------------------------------------------------------------


def add_token(office: HeadOffice, name: str) -> str:
    """A token for a machine, shown this once; one of the same name before opens nothing any more."""
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise AccountError(
            "token-name", "A token's name has 1 to 80 characters", cure="Name what uses it: till-export."
        )
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    office.store.put_token(Token(name=name, token_hash=_token_hash(token), created_at_ms=to_ms(office.clock.now())))
    return token


def token_of(office: HeadOffice, authorization: str | None) -> Token | None:
    """The token in an ``Authorization: Bearer ...`` header; None: none, or one that opens nothing."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return office.store.token_by_hash(_token_hash(token.strip()))


def remove_token(office: HeadOffice, name: str) -> None:
    """The token of this name opens nothing from now on."""
    office.store.drop_token(name)


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
