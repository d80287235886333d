"""Device certificates: what head office signs is read, whatever the clock says; what anybody else signs is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.core.entry import FeedId
from kiosk.errors import ExchangeError
from sync.certificates import FOR_EVER, FROM, URN, authority, issue, read
from sync.wire import MAX_CERTIFICATE_BYTES
from tests.twins import key_of_seed

OFFICE, DEVICE, STRANGER = key_of_seed(1), key_of_seed(2), key_of_seed(3)
OFFICE_KEYS = [key_of_seed(9).public_key().public_bytes_raw(), OFFICE.public_key().public_bytes_raw()]
PUBLIC = DEVICE.public_key().public_bytes_raw()
FEED = FeedId("bayside/front", 3)


def refused(der: bytes) -> str:
    with pytest.raises(ExchangeError) as error:
        read(der, OFFICE_KEYS)
    return error.value.code


def built(urns: list[str], *, ca: bool = False, more: tuple[x509.GeneralName, ...] = ()) -> bytes:
    """A certificate that head office signed, of whatever contents."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    names: list[x509.GeneralName] = [*map(x509.UniformResourceIdentifier, urns), *more]
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(DEVICE.public_key())
    builder = builder.serial_number(7).not_valid_before(FROM).not_valid_after(FOR_EVER)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(OFFICE, None).public_bytes(Encoding.DER)


def test_certificate_says_whose_key_it_is() -> None:
    said = read(issue(FEED, 4, PUBLIC, OFFICE), OFFICE_KEYS)
    assert (said.feed, said.key_epoch, said.public_key, said.store) == (FEED, 4, PUBLIC, "bayside")


def test_same_life_gets_the_same_bytes_and_another_life_others() -> None:
    assert issue(FEED, 4, PUBLIC, OFFICE) == issue(FEED, 4, PUBLIC, OFFICE)
    first, second = (x509.load_der_x509_certificate(issue(FeedId("a/b", n), n, PUBLIC, OFFICE)) for n in (1, 2))
    assert first.serial_number != second.serial_number


def test_it_is_good_for_all_time_so_that_no_clock_can_lock_a_store_out() -> None:
    for der in (issue(FEED, 4, PUBLIC, OFFICE), authority(OFFICE)):
        made = x509.load_der_x509_certificate(der)
        assert made.not_valid_before_utc == datetime(1970, 1, 1, tzinfo=UTC)
        assert made.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_strangers_certificate_of_the_same_contents_is_refused() -> None:
    assert refused(issue(FEED, 4, PUBLIC, STRANGER)) == "certificate-untrusted"
    assert refused(issue(FEED, 4, PUBLIC, DEVICE)) == "certificate-untrusted"  # signed by itself


def test_certificate_altered_in_one_bit_is_refused() -> None:
    der = issue(FEED, 4, PUBLIC, OFFICE)
    for at in range(0, len(der), 7):
        bent = bytearray(der)
        bent[at] ^= 1
        assert refused(bytes(bent)).startswith("certificate-"), at


def test_head_offices_own_certificate_is_no_devices() -> None:
    assert refused(authority(OFFICE)) == "certificate-malformed"


@pytest.mark.parametrize(
    "urns",
    [
        [],
        [f"{URN}bayside/front@3:4", f"{URN}bayside/bar@1:1"],
        [f"{URN}bayside/front@3"],
        [f"{URN}bayside/front:4"],
        [f"{URN}bayside/front@3:"],
        [f"{URN}bayside/front@3:-4"],
        [f"{URN}bayside/front@03:4"],
        [f"{URN}Bayside/Front@3:4"],
        ["urn:other:bayside/front@3:4"],
    ],
)
def test_certificate_that_does_not_name_one_device_is_refused(urns: list[str]) -> None:
    assert refused(built(urns)) == "certificate-malformed"


def test_certificate_of_a_lesser_authority_or_with_other_names_is_refused() -> None:
    urn = f"{URN}bayside/front@3:4"
    assert read(built([urn]), OFFICE_KEYS).feed == FEED
    assert refused(built([urn], ca=True)) == "certificate-malformed"
    assert refused(built([urn], more=(x509.DNSName("till.test"),))) == "certificate-malformed"


def test_certificate_of_another_kind_of_key_is_refused() -> None:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(FROM).not_valid_after(FOR_EVER)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    uri = x509.UniformResourceIdentifier(f"{URN}bayside/front@3:4")
    builder = builder.add_extension(x509.SubjectAlternativeName([uri]), critical=False)
    assert refused(builder.sign(key, SHA256()).public_bytes(Encoding.DER)) == "certificate-malformed"


@pytest.mark.parametrize(
    "der", [b"", b"0", bytes(500), bytes(MAX_CERTIFICATE_BYTES + 1), b"\x30\x82\xff\xff" + bytes(99)]
)
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    assert refused(der) == "certificate-malformed"
