"""Finding the other counters of a store on the local network by multicast DNS (RFC 6762, RFC 6763).

Rules of this module:

- An announcement is an address to try and nothing more: who is there, TLS and the certificate say. So a false one costs
  a handshake, and of many only the first ``sync.neighbours.MOST_LINKS`` are tried.
- What is announced names neither store nor counter: eight bytes of a hash that only those enrolled with the same head
  office can work out, of the store (others' are not even tried) and of the feed (one's own is not).
- A counter may start before its network does: the machine's addresses are looked at again every half minute.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import logging
import threading
from collections.abc import Callable

import ifaddr
from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from kiosk.config import Enrolment
from sync.lan import Address

KIND = "_counterfoil._tcp.local."
TAG_BYTES = 8
LOOK_AGAIN_S = 30.0
RESOLVE_MS = 3_000
ANY_HOST = "0.0.0.0"  # noqa: S104 - what it is compared with

log = logging.getLogger(__name__)


def tag(enrolment: Enrolment, of: str) -> str:
    """What is announced of ``of``, a store's id or a feed's name."""
    secret = hashlib.sha256(b"counterfoil-lan\0" + enrolment.fleet_key + of.encode()).digest()
    return secret[:TAG_BYTES].hex()


def own_addresses(host: str) -> list[str]:
    """The addresses at which this machine can be reached when it listens on ``host``."""
    if host != ANY_HOST:
        return [host]
    found = {ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)}
    return sorted(ip for ip in found if not ipaddress.ip_address(ip).is_loopback)


class Discovery:
    """Announces this counter and tells ``found`` where others may be, whenever that changes."""

    def __init__(self, enrolment: Enrolment, host: str, port: int, found: Callable[[list[Address]], None]) -> None:
        self._store, self._own = tag(enrolment, enrolment.store), tag(enrolment, str(enrolment.feed))
        self._host = host
        self._port = port
        self._found = found
        self._lock = threading.Lock()
        self._seen: dict[str, Address] = {}
        self._zeroconf: Zeroconf | None = None
        self._bound: list[str] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to announce and to listen."""
        self._thread = threading.Thread(target=self._run, name="discovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye and end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)
        self._leave()

    def _run(self) -> None:
        while not self._stopping.is_set():
            addresses = own_addresses(self._host)
            if addresses and (addresses != self._bound or self._zeroconf is None):
                self._leave()
                try:
                    self._enter(addresses)
                except Exception as error:  # noqa: BLE001 - a network without multicast; listed addresses still work
                    log.warning("neighbours cannot be found by themselves: %s", error)
                    self._leave()
            self._stopping.wait(LOOK_AGAIN_S)

    def _enter(self, addresses: list[str]) -> None:
        self._zeroconf = zeroconf = Zeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
        self._bound = addresses
        found = ServiceInfo(
            KIND,
            f"{self._own}.{KIND}",
            port=self._port,
            properties={"v": "1", "s": self._store},
            server=f"counterfoil-{self._own}.local.",
            parsed_addresses=addresses,
        )
        zeroconf.register_service(found, allow_name_change=False)
        ServiceBrowser(zeroconf, KIND, handlers=[self._changed])

    def _leave(self) -> None:
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            with contextlib.suppress(Exception):  # the network may be gone, and that is why one leaves
                zeroconf.close()

    def _changed(self, zeroconf: Zeroconf, name: str, state_change: ServiceStateChange, **_told: object) -> None:
        if name.startswith(f"{self._own}."):
            return
        found = None
        if state_change is not ServiceStateChange.Removed:
            found = zeroconf.get_service_info(KIND, name, RESOLVE_MS)
        address = None if found is None else self._address(found)
        with self._lock:
            if address is None:
                self._seen.pop(name, None)
            else:
                self._seen[name] = address
            addresses = sorted(set(self._seen.values()))
        self._found(addresses)

    def _address(self, found: ServiceInfo) -> Address | None:
        """Where to try; None for another store's counter."""
        store = found.decoded_properties.get("s")
        hosts = sorted(found.parsed_addresses(IPVersion.V4Only))
        if store != self._store or not hosts or not found.port:
            return None
        return Address(hosts[0], found.port)
