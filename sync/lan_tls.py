"""Mutual TLS between counters of a store: both show the certificate that head office signed, over TLS 1.3 only.

Rules of this module:

- OpenSSL checks the chain, so that a stranger gets no further than the handshake; what the certificate says is judged
  afterwards by ``sync.neighbourhood``, before a byte of a message is sent or read.
- Dates are not looked at (``certificates``), and names of machines are not: an address proves nothing.
- The device key is on the disk for a moment, under a password that nobody keeps: OpenSSL reads keys from files only.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from kiosk.errors import ExchangeError
from sync.neighbourhood import OwnPapers

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h, which Python gives no name."""


def server_context(papers: OwnPapers, key: Ed25519PrivateKey) -> ssl.SSLContext:
    """TLS for who is called: it asks for a certificate, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # no resumption: each connection shows its certificate anew
    return _dressed(context, papers, key)


def client_context(papers: OwnPapers, key: Ed25519PrivateKey) -> ssl.SSLContext:
    """TLS for who calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    return _dressed(context, papers, key)


def _dressed(context: ssl.SSLContext, papers: OwnPapers, key: Ed25519PrivateKey) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    for authority in papers.authorities:
        context.load_verify_locations(cadata=authority)
    password = os.urandom(32).hex()
    certificate = x509.load_der_x509_certificate(papers.certificate).public_bytes(Encoding.PEM)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    with tempfile.TemporaryDirectory(prefix="counterfoil-") as folder:
        chain = Path(folder) / "device.pem"
        chain.write_bytes(certificate + locked)
        context.load_cert_chain(chain, password=password)
    return context


def peer_certificate(connection: ssl.SSLSocket) -> bytes:
    """The certificate (DER) that the other side showed. Raises ``ExchangeError`` ``certificate-missing``."""
    der = connection.getpeercert(binary_form=True)
    if not der:
        raise ExchangeError("certificate-missing", "The other side showed no certificate")
    return der


def handshake_failed(error: ssl.SSLError, where: str) -> ExchangeError:
    """A handshake that came to nothing, in words: whom did who not believe."""
    if isinstance(error, ssl.SSLCertVerificationError):
        # somebody else's machine at that address, with a certificate of his own making
        return ExchangeError(
            "neighbour-untrusted",
            f"What answers there has no certificate of this head office ({error.verify_message})",
            where=where,
            cure="Check the addresses of the neighbours; if it is a counter of this store, enrol it anew.",
        )
    if "ALERT" in (error.reason or "") or isinstance(error, ssl.SSLEOFError):
        return ExchangeError(
            "neighbour-refuses",
            f"What answers there does not believe this counter's certificate ({error.reason or 'it hung up'})",
            where=where,
            cure="If it is a counter of this store, see that both are enrolled with the same head office.",
        )
    return ExchangeError(
        "neighbour-not-tls", f"What answers there does not speak the neighbours' protocol ({error.reason})", where=where
    )
