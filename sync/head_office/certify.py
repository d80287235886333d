"""Device certificates: a counter that is enrolled asks for its own, in a message that it signed."""

from __future__ import annotations

from kiosk.clock import to_ms
from kiosk.errors import ExchangeError
from sync.certificates import authority, issue
from sync.head_office.intake import counter_key, lives_of, us
from sync.head_office.office import HeadOffice
from sync.neighbour_messages import encode_certificate
from sync.wire import Kind, seal, unseal


def give_certificate(office: HeadOffice, message: bytes) -> bytes:
    """The answer to a device that asks for its certificate. Raises ``ExchangeError``.

    Codes: those of :func:`sync.wire.unseal`, and ``certificate-refused`` where that device is no longer its counter's.
    """
    party = us(office)
    opened = unseal(
        message,
        kind=Kind.CERTIFICATE,
        recipient=party.origin,
        key_of=lambda origin, key_epoch: counter_key(office, origin, key_epoch),
    )
    life = lives_of(office, opened.sender)[-1]
    if life.key_epoch != opened.key_epoch or life.fenced:
        # a device that was stolen, copied or replaced, and wants in with its old key
        raise ExchangeError(
            "certificate-refused",
            f"{opened.sender} was enrolled anew since, or shut out",
            where=opened.sender,
            cure="Enrol this counter anew with a one-time code from head office.",
        )
    key = office.keys.feed
    body = encode_certificate(issue(life.feed, life.key_epoch, life.public_key, key), [authority(key)])
    return seal(
        Kind.CERTIFICATE_ANSWER,
        body,
        party=party,
        recipient=opened.sender,
        nonce=opened.nonce,
        at_ms=to_ms(office.clock.now()),
    )
