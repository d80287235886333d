"""A counter without pages, as a program that others cut off: it redeems what a seed says, and tells each act in a line.

``redeemed INCARNATION N INTENT`` when the display says "hand it over", ``voided N`` when it was taken back, ``tried``
for each customer. ``--enrol URL CODE`` only enrols; ``--drain`` redeems nothing and ends when all is receipted.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from kiosk.config import CounterFolder
from kiosk.core.verdict import Outcome
from kiosk.display import State
from kiosk.setting_up import enrol_now
from kiosk.station import CameraPlan, Station
from run_kiosk import link
from sync.line import enrol_by_code
from tests.e2e.busy_counter import drain

CLERK = "ana"
PAUSE_S = 0.01
WORDS = ("LIMEPIE", "BURGER")


def codes(kind: str, count: int) -> list[str]:
    """The listed codes of one promotion, the same at every counter."""
    return [f"{kind}-{number:04d}-{number * 7919 % 9973:04d}" for number in range(count)]


def main() -> None:
    """Work until killed, or until drained."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--enrol", nargs=2, metavar=("URL", "CODE"))
    parser.add_argument("--lan")
    parser.add_argument("--neighbours")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--codes", type=int, default=100)
    parser.add_argument("--drain", action="store_true")
    args = parser.parse_args()
    folder = CounterFolder(args.folder)
    if args.enrol is not None:
        enrol_now(folder, enrol_by_code, *args.enrol)
        return
    station = Station.open(folder, CameraPlan(None))
    *_, stop_link = link(station, args.lan, args.neighbours)
    try:
        if args.drain:
            drain(station, 1)
            print("drained", flush=True)
        else:
            serve_on_and_on(station, random.Random(args.seed), args.codes)
    finally:
        stop_link()
        station.stop()


def serve_on_and_on(station: Station, chance: random.Random, count: int) -> None:
    """Customers with codes that others hold up elsewhere too, and with words; a void now and then."""
    held_up = [*codes("ONLINE", count), *codes("FLOOR", count)]
    while True:
        time.sleep(PAUSE_S)  # customers come one by one: three counters and head office share two cores
        if not station.counter.catalogue.version:
            continue
        shown = chance.choice(WORDS) if chance.random() < 0.3 else chance.choice(held_up)
        serve(station, shown, chance)


def serve(station: Station, shown: str, chance: random.Random) -> None:
    """One customer, from the phone held up to the goods in hand or the no."""
    counter = station.counter
    counter.tick()
    if counter.display.state is State.GIVEN and counter.display.showing and counter.display.showing.redeemed:
        told = counter.display.showing.redeemed
        counter.given(told.n, True, CLERK)
        return
    display = counter.look(shown)
    print("tried", flush=True)
    if display.showing is None or display.showing.verdict.outcome is not Outcome.ACCEPT:
        counter.next(display.showing.id if display.showing else "")
        return
    done = counter.redeem(display.showing.id, CLERK)
    if done.state is not State.REDEEMED or done.showing is None or done.showing.redeemed is None:
        counter.next(done.showing.id if done.showing else "")
        return
    n = done.showing.redeemed.n
    print(f"redeemed {station.enrolment.incarnation} {n} {done.showing.id}", flush=True)
    counter.seen(done.showing.id)
    if chance.random() < 0.1:
        counter.undo(n, CLERK, "returned")
        print(f"voided {n}", flush=True)
    showing = counter.display.showing
    counter.next(showing.id if showing else "")


if __name__ == "__main__":
    main()
