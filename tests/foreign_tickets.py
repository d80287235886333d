"""pretix's signed tickets: six real ones with the keys that signed them, and new ones made by hand.

Codes and keys are those of pretix/libpretixsync (AsyncCheckProviderTest.kt and event1.json at 8ebc571449d5),
Apache-2.0.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEYS = (
    (
        "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUNvd0JRWURLMlZ3QXlFQTdBRDcvdkZBMzNFc1k0ejJQSHI3aVpQc1o4bjVk"
        "aDBhalA4Z3l6Tm1tSXM9Ci0tLS0tRU5EIFBVQkxJQyBLRVktLS0tLQo="
    ),
    (
        "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUNvd0JRWURLMlZ3QXlFQVlNSnNPbkxwNUFXR3BKK2RGSkUycjlET1hlUUla"
        "Z1ZyQ3Q5M0xBbDVCTjg9Ci0tLS0tRU5EIFBVQkxJQyBLRVktLS0tLQo="
    ),
)
"""Public keys: base64 of PEM, as pretix hands them out."""

CODES = {
    "signed_valid": (
        "E4BibyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2T"
        "KFnSUNUCKAEAPAQA"
    ),
    "signed_valid_server_item_id": (
        "==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWY"
        "hFWYhFWCKAEANAQA"
    ),
    "signed_not_before": (
        "Ok4EsqDRCr2cL6yDRtqeP7j5Usr1Vj1Db7J0izOuRGx6Qn0BS1ISW2nxlW8PXkYRk7PJhIBmsK1V1ucq5obBoBAMG4p9jCPK"
        "BAheRdFV0REVDZUCKAEAVAQA"
    ),
    "signed_not_after": (
        "EU9dJn3k5jzwfY4JQAKrTOVFmo+BvZKwH6UAIFOz3XTxABa7tmjU5UoLD8hJr3440uY7IFEHzau1DVk0sP994bgnzLNswAAK"
        "BARdUdGMmNVSHVUCKAEAVAQA"
    ),
    "signed_unknown_product": (
        "OUmw2Ro3YOMQ4ktAlAIsDVe4Xsr1KXla/0SZVN34qIZWtUX0hx1DXDHxaCatGTNzOeCMjHQABR5E6ESCOOx1g7AIkBhVkdDd"
        "JJTVSZWCKAEAPAQA"
    ),
    "signed_bad_signature": (
        "EFAKEyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2T"
        "KFnSUNUCKAEAPAQA"
    ),
}


def payload(*, seed: str, item: int, valid_from: int | None = None, valid_until: int | None = None) -> bytes:
    """A protobuf message as pretix writes it; times in Unix seconds."""
    numbers = {2: item, 5: valid_from, 6: valid_until}
    text = seed.encode()
    message = b"\x0a" + _varint(len(text)) + text
    for field, value in numbers.items():
        if value is not None:
            message += bytes([field << 3]) + _varint(value % 2**64)
    return message


def _varint(number: int) -> bytes:
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])


def sign(key: Ed25519PrivateKey, message: bytes) -> str:
    """The text of a ticket with this payload."""
    head = b"\x01" + len(message).to_bytes(2, "big") + (64).to_bytes(2, "big")
    return base64.b64encode(head + message + key.sign(message)).decode()[::-1]
