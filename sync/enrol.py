"""First contact: a typed one-time code pins both Ed25519 keys, with nobody in between able to swap one.

Rules of this module:

- The code has 16 characters, ``4 public + 12 secret``, of 28 that cannot be taken for one another (57 bits
  of secret); what is typed is folded, so O is 0 and S is 5. Head office keeps it stretched by scrypt.
- Head office makes an X25519 key for each code; the counter makes one for each try. Both derive from the
  agreement *and* the stretched code; so to hear all and to change anything gives nothing without the code.
- The counter proves first. So only one who pretends to be head office ever gets something to guess at,
  and each guess costs one scrypt of 32 MiB; whoever pretends to be a counter gets one guess a try.
- A code is used once. The very same request again (its answer was lost) gets the very same answer.

Messages are arrays of deterministic CBOR; PROTOCOL.md has the layout. Head office counts tries and marks
codes used; this module only computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kiosk.config import Enrolment
from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError
from sync.post import Post
from sync.wire import ENROL_PATH, SIGNATURE_BYTES, array, decode, is_signed, malformed, mapping, octets, text, whole

VERSION = 1
ALPHABET = "0123456789ACDEFGHJKMNPRTVWXY"
LOOK_ALIKES = str.maketrans("OQILSBZU", "0011582V")
PUBLIC_CHARACTERS = 4
SECRET_CHARACTERS = 12
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
MAX_MESSAGE_BYTES = 8 * 1024

HELLO, HELLO_ANSWER, REQUEST, ANSWER = 1, 2, 3, 4
GRANT_FIELDS = 8
MORE_AT_MS = 1

Chance = Callable[[int], bytes]
"""That many random bytes; ``os.urandom`` but for tests."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code as typed, folded. ``id`` may be seen by anyone; ``secret`` by the two who enrol."""

    id: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        whole_code = self.id + self.secret
        return "-".join(whole_code[at : at + 4] for at in range(0, len(whole_code), 4))


@dataclass(frozen=True, slots=True)
class OfferedCode:
    """What head office keeps of a code until it is used or over. ``stretched`` and ``private_key`` are secret."""

    code_id: str
    origin: str
    expires_at_ms: int
    salt: bytes
    stretched: bytes = field(repr=False)
    private_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What head office tells a counter it has enrolled. Keys are raw; ``fleet_key`` is secret.

    ``at_ms`` is head office's clock at that moment; None: it did not say.
    """

    origin: str
    incarnation: int
    key_epoch: int
    store: str
    counter: str
    head_office_keys: tuple[tuple[int, bytes], ...]
    root_key: bytes
    fleet_key: bytes = field(repr=False)
    at_ms: int | None = None

    def enrolment(self, head_office_url: str) -> Enrolment:
        """What the counter keeps of it."""
        return Enrolment(
            self.origin, self.incarnation, self.key_epoch, self.store, self.counter, head_office_url,
            self.head_office_keys, self.root_key, self.fleet_key,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pending:
    """A counter's request, and what it needs to open the answer."""

    message: bytes
    answer_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """What arrived at head office: a hello (answer it) or a request, for the code with this public id."""

    is_hello: bool
    code_id: str


# --- the code ----------------------------------------------------------------------------------


def parse_code(typed: str) -> Code:
    """The code that a person typed; raises ``enrol-code-malformed``."""
    folded = "".join(c for c in typed.upper() if c.isalnum()).translate(LOOK_ALIKES)
    if len(folded) != PUBLIC_CHARACTERS + SECRET_CHARACTERS or not set(folded) <= set(ALPHABET):
        raise ExchangeError(
            "enrol-code-malformed",
            f"A one-time code has {PUBLIC_CHARACTERS + SECRET_CHARACTERS} letters and digits, in groups of four",
            cure="Type it as head office shows it, such as 7K3M-9XTA-4PWD-H2RC.",
        )
    return Code(folded[:PUBLIC_CHARACTERS], folded[PUBLIC_CHARACTERS:])


def make_code(chance: Chance) -> Code:
    """A fresh code; each character is even over the alphabet."""
    drawn = ""
    while len(drawn) < PUBLIC_CHARACTERS + SECRET_CHARACTERS:
        number = chance(1)[0]
        if number < 256 - 256 % len(ALPHABET):
            drawn += ALPHABET[number % len(ALPHABET)]
    return Code(drawn[:PUBLIC_CHARACTERS], drawn[PUBLIC_CHARACTERS:])


def offer_code(origin: str, expires_at_ms: int, chance: Chance) -> tuple[Code, OfferedCode]:
    """A code to show to a person, and what head office keeps of it. ``origin`` is "store/counter"."""
    code, salt = make_code(chance), chance(SALT_BYTES)
    return code, OfferedCode(code.id, origin, expires_at_ms, salt, _stretch(code, salt), chance(KEY_BYTES))


def _stretch(code: Code, salt: bytes) -> bytes:
    # the public id is in the salt too, so that a pretended head office cannot prepare for a salt of its choice
    stretcher = Scrypt(
        salt=b"counterfoil-enrol" + code.id.encode() + salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P
    )
    return stretcher.derive(code.secret.encode())


# --- both sides --------------------------------------------------------------------------------


def _read(message: bytes, kind: int, length: int) -> list[object]:
    fields = array(decode(message, MAX_MESSAGE_BYTES), length, what="an enrolment message")
    if fields[:2] != [VERSION, kind]:
        raise malformed("an enrolment message of another kind or version")
    return fields[2:]


def _public_of(private_key: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def _agree(private_key: bytes, public_key: bytes, stretched: bytes, transcript: bytes) -> tuple[bytes, bytes]:
    """The keys of the request and of the answer, from the agreement and the code together."""
    try:
        shared = X25519PrivateKey.from_private_bytes(private_key).exchange(
            X25519PublicKey.from_public_bytes(public_key)
        )
    except ValueError:  # a public key of small order
        raise malformed("an enrolment message with a key that agrees on nothing") from None
    keys = HKDF(SHA256(), 2 * KEY_BYTES, salt=transcript, info=b"counterfoil-enrol-1").derive(shared + stretched)
    return keys[:KEY_BYTES], keys[KEY_BYTES:]


def _transcript(code_id: str, salt: bytes, head_office: bytes, counter: bytes) -> bytes:
    digest = Hash(SHA256())
    digest.update(encode(["counterfoil-enrol", VERSION, code_id, salt, head_office, counter]))
    return digest.finalize()


def _lock(key: bytes, nonce: bytes, body: bytes) -> bytes:
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, body, None)


def _unlock(key: bytes, locked: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None


# --- the counter -------------------------------------------------------------------------------


def hello(code: Code) -> bytes:
    """The first message: which code this is about."""
    return encode([VERSION, HELLO, code.id])


def request(code: Code, hello_answer: bytes, device_key: Ed25519PrivateKey, chance: Chance) -> Pending:
    """The second message: proof of the code, and the device's public key, readable by head office only."""
    salt, head_office = _read(hello_answer, HELLO_ANSWER, 4)
    salt, head_office = octets(salt, SALT_BYTES), octets(head_office, KEY_BYTES)
    private_key = chance(KEY_BYTES)
    counter = _public_of(private_key)
    transcript = _transcript(code.id, salt, head_office, counter)
    request_key, answer_key = _agree(private_key, head_office, _stretch(code, salt), transcript)
    body = encode([device_key.public_key().public_bytes_raw(), device_key.sign(transcript)])
    message = encode([VERSION, REQUEST, code.id, counter, _lock(request_key, chance(NONCE_BYTES), body)])
    return Pending(message, answer_key)


def finish(pending: Pending, answered: bytes) -> Grant:
    """What head office granted; raises ``enrol-answer-wrong`` where someone without the code answered."""
    (locked,) = _read(answered, ANSWER, 3)
    body = _unlock(pending.answer_key, octets(locked))
    if body is None:
        # somebody between the two, or pretending to be head office
        raise ExchangeError(
            "enrol-answer-wrong",
            "The answer does not come from the head office that issued this code",
            cure="Check head office's address and the network, and ask for a new code.",
        )
    return _grant(body)


def enrol(typed: str, device_key: Ed25519PrivateKey, *, post: Post, chance: Chance) -> Grant:
    """Enrol with the head office at the other end of ``post``: two round trips, a lost answer asked for again once."""
    code = parse_code(typed)
    pending = request(code, post(ENROL_PATH, hello(code)), device_key, chance)
    try:
        answered = post(ENROL_PATH, pending.message)
    except ExchangeError as error:
        if error.code != "unreachable":
            raise
        answered = post(ENROL_PATH, pending.message)
    return finish(pending, answered)


# --- head office -------------------------------------------------------------------------------


def read_contact(message: bytes) -> Contact:
    """What arrived; raises ``message-malformed``."""
    fields = array(decode(message, MAX_MESSAGE_BYTES), cap=5, what="an enrolment message")
    if len(fields) not in (3, 5) or fields[0] != VERSION or fields[1] != (HELLO if len(fields) == 3 else REQUEST):
        raise malformed("an enrolment message of another kind or version")
    return Contact(fields[1] == HELLO, text(fields[2], cap=PUBLIC_CHARACTERS))


def answer_hello(offered: OfferedCode) -> bytes:
    """The answer to a hello: the code's salt and head office's key for it."""
    return encode([VERSION, HELLO_ANSWER, offered.salt, _public_of(offered.private_key)])


def code_wrong() -> ExchangeError:
    """The refusal of a code that is not, or no longer, known: the same words for an unknown id and a wrong secret."""
    return ExchangeError(
        "enrol-code-wrong", "That one-time code is not right", cure="Type it again; after a few tries it is withdrawn."
    )


def code_used() -> ExchangeError:
    """The refusal of a code that another request has used."""
    return ExchangeError(
        "enrol-code-used",
        "That one-time code has been used",
        cure="Ask head office for a new one; if nobody here used it, tell head office.",
    )


def code_expired() -> ExchangeError:
    """The refusal of a code whose time is over."""
    return ExchangeError("enrol-code-expired", "That one-time code is too old", cure="Ask head office for a new one.")


def open_request(offered: OfferedCode, message: bytes, at_ms: int) -> bytes:
    """The device's 32-byte public key, out of a request that proves the code.

    Raises ``enrol-code-expired``, ``enrol-code-wrong`` (count a try) or ``message-malformed``.
    """
    if at_ms >= offered.expires_at_ms:
        raise code_expired()
    counter, _, body = _open(offered, message)
    device_key, signature = array(decode(body), 2, what="an enrolment request")
    device_key = octets(device_key, KEY_BYTES)
    transcript = _transcript(offered.code_id, offered.salt, _public_of(offered.private_key), counter)
    if not is_signed(device_key, octets(signature, SIGNATURE_BYTES), transcript):
        # another device's public key, handed in by one who does not hold it
        raise malformed("an enrolment request for a key that its sender does not hold")
    return device_key


def _open(offered: OfferedCode, message: bytes) -> tuple[bytes, bytes, bytes]:
    """The counter's ephemeral key, the key for the answer, and the request's body."""
    code_id, counter, locked = _read(message, REQUEST, 5)
    counter, locked = octets(counter, KEY_BYTES), octets(locked)
    transcript = _transcript(offered.code_id, offered.salt, _public_of(offered.private_key), counter)
    request_key, answer_key = _agree(offered.private_key, counter, offered.stretched, transcript)
    body = _unlock(request_key, locked)
    if body is None or code_id != offered.code_id:
        raise code_wrong()
    return counter, answer_key, body


def answer(offered: OfferedCode, message: bytes, grant: Grant, chance: Chance) -> bytes:
    """The answer to a request that :func:`open_request` accepted; keep it for the same request again."""
    _, answer_key, _ = _open(offered, message)
    fields: list[object] = [
        grant.origin, grant.incarnation, grant.key_epoch, grant.store, grant.counter,
        [[epoch, key] for epoch, key in grant.head_office_keys], grant.root_key, grant.fleet_key,
    ]  # fmt: skip
    if grant.at_ms is not None:
        fields.append({MORE_AT_MS: grant.at_ms})
    return encode([VERSION, ANSWER, _lock(answer_key, chance(NONCE_BYTES), encode(fields))])


def _grant(body: bytes) -> Grant:
    fields = array(decode(body), cap=GRANT_FIELDS + 1, what="a grant")
    if len(fields) < GRANT_FIELDS:
        raise malformed("a grant with fields missing")
    origin, incarnation, key_epoch, store, counter, keys, root_key, fleet_key = fields[:GRANT_FIELDS]
    more = mapping(fields[GRANT_FIELDS], cap=16, what="more of a grant") if len(fields) > GRANT_FIELDS else {}
    try:
        feed = FeedId(text(origin), whole(incarnation))
    except MalformedEntryError as error:
        raise malformed(str(error)) from None
    pairs = [array(pair, 2) for pair in array(keys, cap=16, what="head office's keys")]
    return Grant(
        feed.origin, feed.incarnation, whole(key_epoch), text(store), text(counter),
        tuple((whole(epoch), octets(key, KEY_BYTES)) for epoch, key in pairs),
        octets(root_key, KEY_BYTES), octets(fleet_key, KEY_BYTES),
        whole(more[MORE_AT_MS]) if MORE_AT_MS in more else None,
    )  # fmt: skip
