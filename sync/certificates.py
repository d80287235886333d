"""Device certificates: head office's word, in X.509 as TLS needs it, that a key is that of one life of one counter.

Rules of this module:

- The issuer is the key that signs head office's feeds, which every counter has pinned since it was enrolled: there is
  no other authority and nothing new to pin. The signature cannot be taken for another of that key's: what is signed
  here begins with 30 (a DER sequence), what is signed elsewhere with 8x (a CBOR array).
- Of whom it speaks is in one name of the form ``urn:counterfoil:device:<store>/<counter>@<incarnation>:<key epoch>``.
- It is good for all time (RFC 5280 section 4.1.2.5: 99991231235959Z is "no end"). A certificate ends by head office's
  word, and by the counter's next life; never by a clock, because a counter with a wrong one would lock its store out.
- The same life gets the same bytes each time: head office keeps no list of what it issued.

Source: RFC 5280, RFC 8410 (Ed25519 in X.509).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.errors import ExchangeError
from sync.wire import MAX_CERTIFICATE_BYTES, is_signed

URN = "urn:counterfoil:device:"
AUTHORITY_NAME = "Counterfoil head office"
DEVICE_NAME = "Counterfoil counter"
FROM = datetime(1970, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate that head office signed says: ``public_key`` (32 bytes) is the key of ``feed``."""

    feed: FeedId
    key_epoch: int
    public_key: bytes
    der: bytes = field(repr=False)

    @property
    def store(self) -> str:
        """The store of that counter."""
        return self.feed.origin.partition("/")[0]


# --- head office -------------------------------------------------------------------------------


def authority(key: Ed25519PrivateKey) -> bytes:
    """Head office's own certificate (DER), which TLS wants as the end of the chain."""
    public_key = key.public_key()
    name = _name(AUTHORITY_NAME)
    return (
        _begun(name, name, public_key, "authority")
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(key, None)
        .public_bytes(Encoding.DER)
    )


def issue(feed: FeedId, key_epoch: int, public_key: bytes, key: Ed25519PrivateKey) -> bytes:
    """The certificate (DER) that ``public_key``, 32 bytes, signs for ``feed`` in ``key_epoch``."""
    device = Ed25519PublicKey.from_public_bytes(public_key)
    urn = f"{URN}{feed}:{key_epoch}"
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        _begun(_name(DEVICE_NAME), _name(AUTHORITY_NAME), device, urn)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(uses, critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(urn)]), critical=False)
        .add_extension(authority_id, critical=False)
        .sign(key, None)
        .public_bytes(Encoding.DER)
    )


def _begun(subject: x509.Name, issuer: x509.Name, key: Ed25519PublicKey, of: str) -> x509.CertificateBuilder:
    serial = hashlib.sha256(of.encode() + b"\0" + key.public_bytes_raw()).digest()[:16]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(int.from_bytes(serial, "big") | 1)
        .not_valid_before(FROM)
        .not_valid_after(FOR_EVER)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


# --- counters ----------------------------------------------------------------------------------


def read(der: bytes, head_office_keys: Sequence[bytes]) -> Certificate:
    """What the certificate says, if one of head office's keys (32 bytes each) signed it; its dates are not looked at.

    Raises ``ExchangeError``: ``certificate-malformed``, ``certificate-untrusted``.
    """
    if len(der) > MAX_CERTIFICATE_BYTES:  # endless data
        raise _malformed("it is too long")
    try:
        read_certificate = x509.load_der_x509_certificate(der)
        public_key = read_certificate.public_key()
        signature, signed = read_certificate.signature, read_certificate.tbs_certificate_bytes
        algorithm = read_certificate.signature_algorithm_oid
        names = read_certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        constraints = read_certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        urns = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise _malformed("it cannot be read") from None
    except Exception as error:  # noqa: BLE001 - a parser of strangers' bytes raises a family of errors
        raise _malformed(type(error).__name__) from None
    if not isinstance(public_key, Ed25519PublicKey) or algorithm != SignatureAlgorithmOID.ED25519:
        raise _malformed("its keys are not Ed25519")
    if constraints.ca or len(urns) != 1 or len(list(names)) != 1:
        raise _malformed("it does not name one device")
    if not any(is_signed(key, signature, signed) for key in head_office_keys):
        # a stranger, who can sign a certificate of any contents himself
        raise ExchangeError(
            "certificate-untrusted",
            "A certificate that this counter's head office did not sign",
            where=urns[0][:120],
            cure="If it is a counter of this store, enrol it anew with a one-time code from head office.",
        )
    feed, key_epoch = _device(urns[0])
    return Certificate(feed, key_epoch, public_key.public_bytes_raw(), der)


def _device(urn: str) -> tuple[FeedId, int]:
    name, colon, key_epoch = urn.removeprefix(URN).rpartition(":")
    if not urn.startswith(URN) or not colon or not 0 < len(key_epoch) <= 10 or not set(key_epoch) <= _DIGITS:
        raise _malformed("it names no device")
    try:
        return FeedId.parse(name), int(key_epoch)
    except MalformedEntryError:
        raise _malformed("it names no device") from None


def _malformed(why: str) -> ExchangeError:
    return ExchangeError(
        "certificate-malformed",
        f"A device certificate that is none: {why}",
        cure="If it happens again, check that both sides run the same release.",
    )
