"""Two people as a setting: what one has signed is in force nowhere until the second one has."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.bundle import cosigned, read_manifest
from kiosk.errors import BundleError
from sync.head_office import cosigning
from sync.head_office.office import HeadOffice
from sync.head_office.people import add_clerk
from sync.head_office.publish import publish
from sync.head_office.published import current
from sync.head_office.sealing import HOUR_MS, in_force
from tests.head_office_shell import Shell
from tests.head_office_world import NOON, PROMOTIONS, an_office, clock, enrolled, twin

KEY = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHERS = PROMOTIONS.replace("Free pie", "Free lime pie")


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    made = an_office(tmp_path)
    cosigning.require(made, "Zoe", PUBLIC)
    return made


def titles(office: HeadOffice) -> list[str]:
    known = current(office)
    assert known is not None
    return [one.title for one in known.promotions]


def test_what_one_person_signed_is_in_force_nowhere(office: HeadOffice) -> None:
    assert publish(office, promotions=OTHERS, by="ana").waits
    latest = office.store.latest_bundle()
    assert latest is not None
    assert (latest.version, titles(office)) == (1, ["Free shrimp tacos", "Free pie"])
    counter = enrolled(office)
    counter.exchange()
    assert counter.fetcher.version == 1


def test_the_second_signature_brings_it_to_the_counters(office: HeadOffice) -> None:
    publish(office, promotions=OTHERS, by="ana")
    assert cosigning.sign(office, KEY).version == 2
    assert titles(office) == ["Free shrimp tacos", "Free lime pie"]
    counter = enrolled(office)
    counter.exchange()
    assert counter.fetcher.version == 2
    assert cosigning.waiting(office.store) is None


def test_key_compromise_below_threshold(office: HeadOffice) -> None:
    """A thief with this server's key, or with the second person's alone, or twice with one, has no bundle."""
    publish(office, promotions=OTHERS, by="ana")
    held = cosigning.waiting(office.store)
    assert held is not None
    envelope, root = held.bundle.envelope, office.keys.root_public
    stranger = Ed25519PrivateKey.from_private_bytes(b"3" * 32)
    for signed in (envelope, cosigned(envelope, office.keys.publishing), cosigned(envelope, stranger)):
        with pytest.raises(BundleError, match="Fewer than 2 publishing keys"):
            read_manifest(signed, root, 1)
    assert read_manifest(cosigned(envelope, KEY), root, 1).version == 2


def test_a_key_that_was_not_named_signs_nothing(office: HeadOffice) -> None:
    publish(office, promotions=OTHERS, by="ana")
    with pytest.raises(cosigning.CosigningError, match="may not sign"):
        cosigning.sign(office, Ed25519PrivateKey.from_private_bytes(b"3" * 32))
    assert titles(office) == ["Free shrimp tacos", "Free pie"]
    assert cosigning.waiting(office.store) is not None


def test_one_publication_at_a_time_waits(office: HeadOffice) -> None:
    publish(office, promotions=OTHERS, by="ana")
    with pytest.raises(cosigning.CosigningError, match="Version 2 waits"):
        add_clerk(office, "Ben", ["bayside"])
    assert [one.name for one in twin(office).clerks()] == ["Zoé"]
    with pytest.raises(cosigning.CosigningError, match="Version 2 waits"):
        cosigning.release(office)


def test_what_is_withdrawn_leaves_what_was_in_force(office: HeadOffice) -> None:
    with pytest.raises(cosigning.CosigningError, match="Nothing waits"):
        cosigning.withdraw(office)
    publish(office, promotions=OTHERS, by="ana")
    cosigning.withdraw(office)
    with pytest.raises(cosigning.CosigningError, match="Nothing waits"):
        cosigning.sign(office, KEY)
    assert titles(office) == ["Free shrimp tacos", "Free pie"]
    assert publish(office, promotions=PROMOTIONS, by="ana").waits


def test_a_renewal_is_laid_by_once_and_waits(office: HeadOffice) -> None:
    publish(office, promotions=OTHERS, by="ana")
    cosigning.sign(office, KEY)
    for hours, waits in ((6 * 24, None), (6 * 24 + 12, 3), (6 * 24 + 13, 3)):
        clock(office).at = NOON + timedelta(hours=hours)
        bundle = in_force(office)
        assert bundle is not None
        assert (bundle.version, bundle.fresh_until_ms - bundle.published_at_ms) == (2, 7 * 24 * HOUR_MS)
        held = cosigning.waiting(office.store)
        assert (held and held.bundle.version) == waits
    assert cosigning.sign(office, KEY).version == 3


def test_released_one_signature_is_enough_and_the_roles_are_newer(office: HeadOffice) -> None:
    cosigning.release(office)
    assert not publish(office, promotions=OTHERS, by="ana").waits
    assert titles(office) == ["Free shrimp tacos", "Free lime pie"]
    latest = office.store.latest_bundle()
    assert latest is not None
    # the list of keys before, with which the second person's key could sign, is refused from now on
    assert read_manifest(latest.envelope, office.keys.root_public, 1).roles_version == 3


def test_the_same_key_is_not_two_people(office: HeadOffice) -> None:
    with pytest.raises(cosigning.CosigningError, match="Zoe's already"):
        cosigning.require(office, "Ben", PUBLIC)
    with pytest.raises(cosigning.CosigningError, match="this server's already"):
        cosigning.require(office, "Ben", office.keys.publishing.public_key().public_bytes_raw())


def test_two_people_by_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, key = Shell(tmp_path, capsys), tmp_path / "zoe.key"
    shell.run("publish", shell.place / "promotions.yaml", "--organisation", shell.place / "organisation.yaml")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    public = shell.run("publishers", "new-key", key)["public_key"]
    assert b"ENCRYPTED" in key.read_bytes()
    shell.run("publishers", "require", "Zoe", public)
    answer = shell.run("publish", shell.place / "promotions.yaml")
    assert (answer["published"], answer["version"]) == (False, 2)
    assert shell.run("publishers", "list")["waiting"] == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert shell.run("publishers", "sign", key) == {"published": True, "version": 2}
    assert shell.run("publishers", "release") == {"threshold": 1}
