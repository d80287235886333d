"""Serving a Flask application with waitress: one process, many threads, a clear word when the port is taken."""

from __future__ import annotations

import _thread
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from kiosk.errors import SetupError

BACKLOG = 128
THREADS = 40
"""At least 32: each open page holds one thread for its event stream (12 at most), the rest answer."""
MOST_BYTES = 17 * 1024 * 1024  # a photo of 16 MB with its form; what else is sent is far smaller
ANSWER_GOES_OUT_S = 0.5
SOON_S = 30.0


def bind(host: str, port: int, option: str = "--port") -> socket.socket:
    """A listening socket on ``host``:``port``; raises :class:`SetupError` with the cure, which names ``option``."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)  # from here on whoever connects waits; and only now is the port surely ours
    except OSError as error:
        listening.close()
        raise _bind_error(error, host, port, option) from None
    return listening


def _bind_error(error: OSError, host: str, port: int, option: str) -> SetupError:
    if error.errno == errno.EADDRINUSE:
        return SetupError(
            "port-taken",
            f"Port {port} is taken by another program",
            where=f"{host}:{port}",
            cure=f"End that program (perhaps Counterfoil runs already), or choose another port with {option}.",
        )
    if error.errno == errno.EACCES:
        return SetupError(
            "port-forbidden",
            f"This user may not listen on port {port}",
            where=f"{host}:{port}",
            cure=f"Choose a port above 1023 with {option}.",
        )
    return SetupError(
        "address-unusable",
        f"Cannot listen on {host}:{port}: {error.strerror}",
        cure="Choose an address of this machine with --host; 127.0.0.1 always works.",
    )


class Switch:
    """Ends :func:`serve` from another thread, so that another application takes the socket over."""

    def __init__(self) -> None:
        self.asked = False
        self.serving = threading.Event()

    def ask(self, after_s: float = ANSWER_GOES_OUT_S) -> None:
        """Have the serving end in a moment, when the answer that is being made has gone out."""
        timer = threading.Timer(after_s, self._now)
        timer.daemon = True
        timer.start()

    def _now(self) -> None:
        self.asked = True
        if self.serving.wait(SOON_S):
            _thread.interrupt_main()


def serve(
    app: Any, listening: socket.socket, ending: Callable[[], None] = lambda: None, switch: Switch | None = None
) -> None:
    """Serve ``app`` on a socket from :func:`bind` until SIGINT or SIGTERM, or ``switch`` asks; in good order.

    ``ending`` is called first then: it lets go of what would be waited for, such as open streams. With a ``switch`` the
    socket stays open: whoever connects meanwhile waits for what is served next.
    """
    from waitress import create_server  # noqa: PLC0415 (who only wants a port need not load it)

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits a moment is no news
    server = create_server(
        app,
        sockets=[listening if switch is None else listening.dup()],
        threads=THREADS,
        ident="Counterfoil",
        channel_timeout=60,
        max_request_body_size=MOST_BYTES,
        inbuf_overflow=MOST_BYTES + 1,  # what is sent stays in memory: a photo shows a customer's name
        clear_untrusted_proxy_headers=True,
    )

    def interrupt(_number: int, _frame: Any) -> None:
        ending()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    try:
        if switch is not None:
            switch.serving.set()
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if switch is not None:
            switch.serving.clear()
        server.close()
        for channel in list(server.active_channels.values()):
            channel.handle_close()  # a browser that kept one open would wait on it for good
