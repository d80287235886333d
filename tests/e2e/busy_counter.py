"""A counter without pages, as a program: it redeems without pause, and says what it has done, line by line.

``redeemed N INTENT`` when the display says "hand it over", ``installed VERSION`` when a bundle is in force. With
``--until VERSION`` it redeems nothing: it ends well when that bundle is in force and head office has receipted all.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from kiosk.config import CounterFolder
from kiosk.core.verdict import Outcome
from kiosk.display import State
from kiosk.station import CameraPlan, Station
from run_kiosk import link
from tests.e2e.road import codes

WORD = "LIMEPIE"
CLERK = "ana"
DRAINED_WITHIN_S = 60.0


def main() -> None:
    """Work until killed, or until drained."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--until", type=int)
    args = parser.parse_args()
    station = Station.open(CounterFolder(args.folder), CameraPlan(None))
    *_, stop_link = link(station)
    try:
        if args.until is None:
            redeem_on_and_on(station, random.Random(args.seed))
        else:
            drain(station, args.until)
    finally:
        stop_link()
        station.stop()


def redeem_on_and_on(station: Station, chance: random.Random) -> None:
    """Listed codes while they are known and unused, else a word that anyone may use; a void now and then."""
    counter, version = station.counter, 0
    listed = codes(400)
    chance.shuffle(listed)
    while True:
        if counter.catalogue.version != version:
            version = counter.catalogue.version
            print(f"installed {version}", flush=True)
        if not version:
            time.sleep(0.02)  # nothing to do before the first bundle
            continue
        if counter.display.state is State.GIVEN and counter.display.showing and counter.display.showing.redeemed:
            counter.given(counter.display.showing.redeemed.n, chance.random() < 0.8, CLERK)
            continue
        display = counter.look(listed.pop() if listed and chance.random() < 0.5 else WORD)
        if display.showing is None or display.showing.verdict.outcome is not Outcome.ACCEPT:
            counter.next(display.showing.id if display.showing else "")
            continue
        done = counter.redeem(display.showing.id, CLERK)
        if done.state is State.REDEEMED and done.showing and done.showing.redeemed:
            print(f"redeemed {done.showing.redeemed.n} {done.showing.id}", flush=True)
            counter.seen(done.showing.id)
            counter.next(done.showing.id)


def drain(station: Station, version: int) -> None:
    """Wait until nothing waits; raises where that takes too long."""
    end_s = time.monotonic() + DRAINED_WITHIN_S
    while station.counter.catalogue.version < version or station.counter.status().waiting:
        if time.monotonic() > end_s:
            raise TimeoutError(f"{station.counter.status()}")
        if station.counter.carrier is not None:
            station.counter.carrier.wake()
        time.sleep(0.05)  # between two looks at a condition that has a deadline


if __name__ == "__main__":
    main()
