"""Vouchers at head office: issued with serials never given twice, revoked, and their key rotated."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.clock import to_ms
from kiosk.core.bundle import catalogue_of
from kiosk.core.issuers import Doubt
from kiosk.core.verdict import Reason
from kiosk.core.voucher import Voucher, counter_reference, parse, reference
from sync.head_office import issuers
from sync.head_office.issuers import CLOCK_LAG_MS, VoucherError, key_file, ledger
from sync.head_office.office import HeadOffice
from sync.head_office.problems import RefusedPublication
from sync.head_office.publish import publish
from sync.head_office.vouchers import Issued, Wanted, issue_vouchers, known_issuers, revoke_vouchers, rotate_key
from tests.core_world import at
from tests.head_office_world import NOON, ORGANISATION, PROMOTIONS, an_office, enrolled, opened

WITH_VOUCHERS = """
promotions:
  - id: tacos
    title: Free shrimp tacos
    stores: [harbor]
    gives: One shrimp tacos appetizer, free
    value: {amount: "12.00", currency: USD}
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [voucher]
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [voucher, word]
    words: [LIMEPIE]
  - id: soup
    title: Free soup
    gives: One soup, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [word]
    words: [SOUP]
"""
TACOS = Wanted("tacos")
NOW_MS = to_ms(NOON)


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    made = an_office(tmp_path)
    publish(made, promotions=WITH_VOUCHERS)
    return made


def checked(office: HeadOffice, text: str, now_ms: int = NOW_MS) -> Voucher | Reason:
    """What a counter with the newest bundle makes of ``text``."""
    found = catalogue_of(opened(office), office.keys.fleet_key).issuers.check(text, now_ms)
    return found.reason if isinstance(found, Doubt) else found


def serials(issued: Issued) -> list[int]:
    return [parse(text).voucher.serial for text in issued.texts]


def said(wanted: Wanted, office: HeadOffice) -> Voucher:
    """What one voucher says."""
    return parse(issue_vouchers(office, wanted, 1).texts[0]).voucher


def refusal(office: HeadOffice, wanted: Wanted, count: int = 1, first: int | None = None) -> VoucherError:
    before = ledger(office.store)
    with pytest.raises(VoucherError) as refused:
        issue_vouchers(office, wanted, count, first)
    assert ledger(office.store) == before
    assert refused.value.cure
    return refused.value


# --- issuing ---------------------------------------------------------------------------------------


def test_vouchers_hold_at_a_counter_with_the_bundle_from_before_they_were_issued(office: HeadOffice) -> None:
    version = opened(office).version
    issued = issue_vouchers(office, TACOS, 3)
    assert opened(office).version == version
    assert [checked(office, text) for text in issued.texts] == [parse(text).voucher for text in issued.texts]
    assert {parse(text).voucher.promotion for text in issued.texts} == {reference("tacos")}


def test_no_serial_is_given_twice_whatever_the_promotion(office: HeadOffice) -> None:
    given = [serials(issue_vouchers(office, Wanted(one), 2)) for one in ("tacos", "pie", "tacos")]
    assert given == [[1, 2], [3, 4], [5, 6]]


def test_serials_may_begin_later_and_those_left_out_are_never_given(office: HeadOffice) -> None:
    assert serials(issue_vouchers(office, TACOS, 2, 100)) == [100, 101]
    assert serials(issue_vouchers(office, TACOS, 1)) == [102]
    assert refusal(office, TACOS, first=102).code == "voucher-serial"
    assert refusal(office, TACOS, first=50).code == "voucher-serial"
    assert serials(issue_vouchers(office, TACOS, 1, 103)) == [103]


def test_the_last_serial_is_given_and_none_beyond(office: HeadOffice) -> None:
    assert refusal(office, TACOS, 2, first=2**32 - 1).code == "voucher-serial"
    assert serials(issue_vouchers(office, TACOS, 1, 2**32 - 1)) == [2**32 - 1]
    assert refusal(office, TACOS).code == "voucher-serial"


def test_a_voucher_says_what_was_wanted(office: HeadOffice) -> None:
    wanted = Wanted("tacos", "2026-11-10", "2026-11-12", "7.50", "bayside", "bar")
    voucher = said(wanted, office)
    assert (voucher.starts_at_ms, voucher.ends_at_ms) == (to_ms(at("2026-11-10T00:00")), to_ms(at("2026-11-13T00:00")))
    assert (voucher.face_minor, voucher.store, voucher.counter) == (750, reference("bayside"), counter_reference("bar"))


def test_a_voucher_of_nothing_in_particular_says_nothing_more(office: HeadOffice) -> None:
    voucher = said(TACOS, office)
    assert voucher == Voucher(voucher.key_id, reference("tacos"), 1)


def test_an_instant_is_taken_as_it_is(office: HeadOffice) -> None:
    voucher = said(Wanted("tacos", ends="2026-11-12T22:00-05:00"), office)
    assert voucher.ends_at_ms == to_ms(at("2026-11-12T22:00"))


def test_a_day_needs_one_time_zone(office: HeadOffice) -> None:
    west = ORGANISATION.replace(
        "America/New_York\n    groups: [harbor]\n    counters: [{id: front, name: Front}]",
        "America/Los_Angeles\n    groups: [harbor]\n    counters: [{id: front, name: Front}]",
    )
    publish(office, organisation=west)
    assert refusal(office, Wanted("tacos", starts="2026-11-10")).code == "voucher-zone"
    voucher = said(Wanted("tacos", starts="2026-11-10", store="bayside"), office)
    assert voucher.starts_at_ms == to_ms(at("2026-11-10T00:00"))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("soup"), "voucher-not-taken"),
        (Wanted("sushi"), "voucher-promotion"),
        (Wanted("tacos", store="sunset"), "voucher-store"),
        (Wanted("tacos", counter="bar"), "voucher-store"),
        (Wanted("tacos", store="pier-9", counter="bar"), "voucher-counter"),
        (Wanted("tacos", face="7.505"), "voucher-face"),
        (Wanted("tacos", face="0.00"), "voucher-form"),
        (Wanted("pie", face="7.50"), "voucher-face"),
        (Wanted("tacos", starts="tomorrow"), "voucher-time"),
        (Wanted("tacos", starts="2026-11-31"), "voucher-time"),
        (Wanted("tacos", starts="2026-11-10T10:00"), "voucher-time"),
        (Wanted("tacos", ends="9999-12-31"), "voucher-time"),
        (Wanted("tacos", ends="2107-01-01"), "voucher-form"),
        (Wanted("tacos", starts="2026-11-11", ends="2026-11-10"), "voucher-form"),
    ],
)
def test_what_cannot_be_issued_is_told_with_a_cure_and_takes_no_serial(
    office: HeadOffice, wanted: Wanted, code: str
) -> None:
    assert refusal(office, wanted).code == code


def test_a_window_of_one_day_is_a_window(office: HeadOffice) -> None:
    voucher = said(Wanted("tacos", "2026-11-10", "2026-11-10"), office)
    assert (voucher.ends_at_ms or 0) - (voucher.starts_at_ms or 0) == 24 * 3_600_000


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_count_out_of_bounds_is_refused(office: HeadOffice, count: int) -> None:
    assert refusal(office, TACOS, count).code == "voucher-count"


def test_before_anything_is_published_there_is_nothing_to_issue_for(tmp_path: Path) -> None:
    assert refusal(an_office(tmp_path, published=False), TACOS).code == "not-published"


# --- keys ------------------------------------------------------------------------------------------


def test_the_private_half_is_the_owners_only_and_not_in_the_database(office: HeadOffice) -> None:
    (key,) = known_issuers(office).keys
    path = key_file(office.place, key.id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().hex() not in str(office.store.setting("voucher-issuers"))


def test_a_rotated_key_holds_until_its_time_and_signs_no_more(office: HeadOffice) -> None:
    old = issue_vouchers(office, TACOS, 1)
    keys = rotate_key(office, "2026-11-20T12:00Z")
    new = issue_vouchers(office, TACOS, 1)
    ends_ms = to_ms(NOON.replace(day=20))
    assert (old.key, new.key) == tuple(one.id for one in keys)
    assert (checked(office, old.texts[0], ends_ms - 1), checked(office, old.texts[0], ends_ms)) == (
        parse(old.texts[0]).voucher, Reason.UNKNOWN_ISSUER,
    )  # fmt: skip
    assert checked(office, new.texts[0], ends_ms) == parse(new.texts[0]).voucher
    assert not key_file(office.place, old.key).exists()
    assert key_file(office.place, new.key).exists()


def test_without_an_end_vouchers_of_the_old_key_hold_on(office: HeadOffice) -> None:
    old = issue_vouchers(office, TACOS, 1).texts[0]
    rotate_key(office)
    rotate_key(office)
    assert checked(office, old, NOW_MS + 10**12) == parse(old).voucher


def test_a_new_key_is_known_to_a_counter_whose_clock_lags_a_day(office: HeadOffice) -> None:
    text = issue_vouchers(office, TACOS, 1).texts[0]
    assert checked(office, text, NOW_MS - CLOCK_LAG_MS) == parse(text).voucher
    assert checked(office, text, NOW_MS - CLOCK_LAG_MS - 1) is Reason.UNKNOWN_ISSUER


def test_the_last_day_of_a_key_is_a_whole_one(office: HeadOffice) -> None:
    assert rotate_key(office, "2026-11-06")[0].trusted_until_ms == to_ms(NOON.replace(day=7, hour=0))


@pytest.mark.parametrize("until", ["2026-11-05", "2026-11-06T12:00Z", "soon"])
def test_a_key_cannot_end_before_now(office: HeadOffice, until: str) -> None:
    before = known_issuers(office)
    with pytest.raises(VoucherError):
        rotate_key(office, until)
    assert ledger(office.store) == before


def test_a_lost_private_half_stops_issuing_until_the_key_is_rotated(office: HeadOffice) -> None:
    old = issue_vouchers(office, TACOS, 1)
    key_file(office.place, old.key).unlink()
    assert refusal(office, TACOS).code == "voucher-key-missing"
    rotate_key(office)
    assert checked(office, issue_vouchers(office, TACOS, 1).texts[0]) != Reason.UNKNOWN_ISSUER
    assert checked(office, old.texts[0]) == parse(old.texts[0]).voucher


def test_a_key_whose_id_is_taken_is_not_used(office: HeadOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = known_issuers(office).keys
    first_id, tried = first.id, [first.public_key]

    def id_of(public_key: bytes) -> bytes:
        """The key that is made next has the id of the first one; the one behind it has not."""
        tried.extend([public_key] if public_key not in tried else ())
        return b"next" if public_key in tried[2:] else bytes.fromhex(first_id)

    monkeypatch.setattr(issuers, "key_id", id_of)
    with office.store.together() as store:
        made = issuers.add_key(office, store)
    assert [one.id for one in made.keys] == [first_id, b"next".hex()]
    assert [one.public_key for one in made.keys] == [first.public_key, tried[2]]


def test_a_folder_from_before_vouchers_gets_its_key_with_the_first_voucher(office: HeadOffice) -> None:
    office.store.put_setting("voucher-issuers", '{"keys": [], "revoked": []}')
    text = issue_vouchers(office, TACOS, 1).texts[0]
    assert checked(office, text) == parse(text).voucher


def test_rotating_before_anything_is_published_is_told_with_the_first_publication(tmp_path: Path) -> None:
    office = an_office(tmp_path, published=False)
    rotate_key(office)
    rotate_key(office)
    publish(office, promotions=WITH_VOUCHERS, organisation=ORGANISATION)
    assert len(ledger(office.store).keys) == 2
    text = issue_vouchers(office, TACOS, 1).texts[0]
    assert checked(office, text) == parse(text).voucher


# --- revoking --------------------------------------------------------------------------------------


def test_revoked_serials_reach_a_counter_with_its_next_exchange(office: HeadOffice) -> None:
    counter = enrolled(office)
    issued = issue_vouchers(office, TACOS, 4)
    counter.exchange()
    revoke_vouchers(office, issued.key, 2, 3)
    before = catalogue_of(counter.opened(), b"").issuers
    counter.exchange()
    after = catalogue_of(counter.opened(), b"").issuers
    assert all(isinstance(before.check(text, NOW_MS), Voucher) for text in issued.texts)
    assert [after.check(text, NOW_MS) for text in issued.texts] == [
        parse(issued.texts[0]).voucher,
        *[Doubt(Reason.REVOKED, bytes.fromhex(issued.key))] * 2,
        parse(issued.texts[3]).voucher,
    ]


def test_serials_of_one_promotion_are_revoked_alone(office: HeadOffice) -> None:
    tacos, pie = (issue_vouchers(office, Wanted(one), 1) for one in ("tacos", "pie"))
    revoke_vouchers(office, tacos.key.upper(), 0, 2**32 - 1, "pie")
    assert checked(office, tacos.texts[0]) == parse(tacos.texts[0]).voucher
    assert checked(office, pie.texts[0]) is Reason.REVOKED


def test_what_is_revoked_stays_so_after_the_next_publication_and_rotation(office: HeadOffice) -> None:
    issued = issue_vouchers(office, Wanted("pie"), 1)
    revoke_vouchers(office, issued.key, 1, 1, "pie")
    rotate_key(office)
    publish(office, promotions=WITH_VOUCHERS.replace("Free pie", "Key lime pie"))
    assert checked(office, issued.texts[0]) is Reason.REVOKED


def test_a_promotion_that_is_no_longer_published_can_be_revoked(office: HeadOffice) -> None:
    issued = issue_vouchers(office, Wanted("tacos"), 1)
    publish(office, promotions=PROMOTIONS)
    publish(office, promotions="promotions: []")
    revoke_vouchers(office, issued.key, 1, 1, "tacos")
    assert checked(office, issued.texts[0]) is Reason.REVOKED


def test_the_same_revocation_again_changes_nothing(office: HeadOffice) -> None:
    key = issue_vouchers(office, TACOS, 1).key
    revoke_vouchers(office, key, 1, 1)
    version = opened(office).version
    revoke_vouchers(office, key, 1, 1)
    assert opened(office).version == version
    assert len(ledger(office.store).revoked) == 1


@pytest.mark.parametrize(
    ("first", "last", "promotion", "code"),
    [
        (2, 1, None, "voucher-serial"),
        (-1, 1, None, "voucher-serial"),
        (0, 2**32, None, "voucher-serial"),
        (1, 1, "sushi", "voucher-promotion"),
    ],
)
def test_a_revocation_that_means_nothing_is_refused(
    office: HeadOffice, first: int, last: int, promotion: str | None, code: str
) -> None:
    (key,) = known_issuers(office).keys
    with pytest.raises(VoucherError) as refused:
        revoke_vouchers(office, key.id, first, last, promotion)
    assert refused.value.code == code
    assert not ledger(office.store).revoked


def test_an_unknown_key_is_told_with_those_that_there_are(office: HeadOffice) -> None:
    (key,) = known_issuers(office).keys
    with pytest.raises(VoucherError) as refused:
        revoke_vouchers(office, "00000000", 1, 1)
    assert (refused.value.code, key.id in refused.value.cure) == ("voucher-key-unknown", True)


# --- publishing ------------------------------------------------------------------------------------


def problem_of(office: HeadOffice, promotions: str | None = None, organisation: str | None = None) -> tuple[str, str]:
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=promotions, organisation=organisation)
    (problem,) = refused.value.problems
    return problem.path, problem.message


def test_promotions_that_a_voucher_could_not_tell_apart_are_refused_with_their_line(office: HeadOffice) -> None:
    same = WITH_VOUCHERS.replace("id: tacos", "id: promotion-987723").replace("id: pie", "id: promotion-1666206")
    path, message = problem_of(office, promotions=same)
    assert path == "promotions[1].id"
    assert "promotion-987723" in message


def test_stores_and_counters_that_a_voucher_could_not_tell_apart_are_refused(office: HeadOffice) -> None:
    stores = ORGANISATION.replace("id: bayside", "id: store-42257").replace("id: pier-9", "id: store-1645519")
    assert problem_of(office, organisation=stores)[0] == "stores[1].id"
    counters = ORGANISATION.replace("id: bar", "id: counter-54448").replace("id: front", "id: counter-15312")
    assert problem_of(office, organisation=counters)[0] == "stores[0].counters[1].id"
