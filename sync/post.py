"""Bytes there and bytes back over HTTP, with a time limit and a size cap; and how a refusal travels.

A refusal is JSON ``{"code", "what", "where", "cure"}`` with a 4xx status. It is not signed: it is
words for a person, and nothing is ever undone because of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from kiosk.errors import CounterfoilError, ExchangeError
from sync.wire import CONTENT_TYPE, MAX_MESSAGE_BYTES, too_large

Post = Callable[[str, bytes], bytes]
"""Send a message to a path and bring back the answer; raises ``ExchangeError``, ``unreachable`` when there was none."""

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
MAX_REFUSAL_BYTES = 64 * 1024
UNREACHABLE = "unreachable"


def http_post(base_url: str, client: httpx.Client) -> Post:
    """A :data:`Post` to the server at ``base_url`` (scheme and host, perhaps a path)."""

    def post(path: str, message: bytes) -> bytes:
        url = base_url.rstrip("/") + path
        try:
            with client.stream("POST", url, content=message, headers={"Content-Type": CONTENT_TYPE}) as response:
                if response.status_code == httpx.codes.OK:
                    return _read(response, MAX_MESSAGE_BYTES)
                raise read_refusal(response.status_code, _read(response, MAX_REFUSAL_BYTES), url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ExchangeError(
                UNREACHABLE,
                f"No answer from {base_url} ({str(error) or type(error).__name__})",
                where=base_url,
                cure="Check the network and the address; what is to be sent is kept.",
            ) from None

    return post


def _read(response: httpx.Response, cap: int) -> bytes:
    """The body, never more than ``cap`` bytes of it (an endless answer)."""
    read = bytearray()
    for piece in response.iter_bytes(65_536):
        read += piece
        if len(read) > cap:
            raise too_large("An answer", len(read), cap)
    return bytes(read)


def refusal(error: CounterfoilError) -> tuple[bytes, int]:
    """The body (JSON) and status with which to answer a message that was refused."""
    said = {"code": error.code, "what": error.what, "where": error.where, "cure": error.cure}
    return json.dumps(said).encode(), 413 if error.code == "message-too-large" else 400


def read_refusal(status: int, body: bytes, url: str) -> ExchangeError:
    """The error that a refusal tells of, or one that says there was none of ours."""
    try:
        said: Any = json.loads(body)
        code, what, where, cure = (str(said[name])[:500] for name in ("code", "what", "where", "cure"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ExchangeError(
            UNREACHABLE,
            f"What answered is no head office (status {status})",
            where=url,
            cure="Check the address; a proxy or a login page of the network may be in between.",
        )
    return ExchangeError(code, what, where=where, cure=cure)
