"""What can happen in a simulated world: one function for each kind of step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from kiosk.core.rights import RightKind
from kiosk.core.strict_cbor import encode
from sync.head_office import decisions
from sync.wire import EXCHANGE_PATH
from tests.simulation import attacks, pruning
from tests.simulation.counter import SimCounter
from tests.simulation.disk import Disk
from tests.simulation.published import CODES, code_of
from tests.simulation.steps import NAMED, Step

if TYPE_CHECKING:
    from tests.simulation.world import World

Act = Callable[["World", SimCounter, Step, Random], str]
OFFICE = "head-office"
WORDS = ("TOTAL", "PURSE", "SHOP", "PLAIN")
YEARS = timedelta(days=3652)
MONTH = timedelta(days=36)


def redeem(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A customer holds something up: one of few, so that many hold up the same."""
    world.tries += 1
    listed = sorted(world.office.publication.policies)
    choice, few = step.what % (len(WORDS) + 2 * len(listed)), step.what // 12 % 2
    number = step.what // NAMED - 1 if step.what >= NAMED else draw.randrange(4 if few else CODES)
    code = code_of(listed[choice % len(listed)], number)
    text = WORDS[choice] if choice < len(WORDS) else code
    return counter.redeem(text).reason


def undo(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The clerk takes a redemption back."""
    live = counter.own_live()
    return "done" if live and counter.undo(live[step.what % len(live)]) else "nothing"


def undo_others(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The clerk takes back what another counter of the store gave."""
    near = world.other(counter, step.other)
    live = near.own_live() if near else []
    if near is None or not live:
        return "nothing"
    (entry,) = near.journal.entries(near.feed, live[step.what % len(live)] - 1, 1)
    counter.take_back(entry)
    counter.write(counter.void_of(entry))
    return "written"


def answer(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The clerk saw an answer."""
    waiting = counter.standing.unanswered(counter.feed)
    if waiting:
        counter.answer(waiting[0])
    return "done" if waiting else "nothing"


def exchange(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """One exchange with head office."""
    return counter.exchange() or "online"


def cut(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A part of the network is cut off, one way or both."""
    here = counter.enrolment.origin
    there = OFFICE if step.what % 3 else world.counters[step.other % len(world.counters)].enrolment.origin
    ways = (((here, there), (there, here)), ((here, there),), ((there, here),))[step.salt % 3]
    world.network.cut.update(ways)
    return f"{here}|{there}"


def heal(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A counter's lines are mended."""
    here = counter.enrolment.origin
    world.network.cut = {pair for pair in world.network.cut if here not in pair}
    return here


def reboot(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The device starts again: switched off in order, or not."""
    in_order = step.what % 2 == 0
    if in_order:
        counter.tick(closing=True)
    world.restart(counter)
    return "in order" if in_order else "done"


def jump(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Somebody sets a clock, by ten years at most; or sets it right again."""
    delta = draw.choice((YEARS, -YEARS, timedelta(days=2), timedelta(hours=-30)))
    clock = world.office.clock if step.what % 6 == 0 else counter.device.clock
    clock.at = world.clock.at if step.what % 2 else clock.at + delta
    return "right" if step.what % 2 else str(delta)


def month(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """More than 35 days pass; nobody puts back a backup of head office that is as old as that."""
    world.pass_time(MONTH.total_seconds())
    world.office.backup = None
    return "passed"


def prune(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The device lets go of what is old."""
    return "pruned" if pruning.prune(counter) else "nothing"


def office_crash(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Head office goes dark."""
    world.office.crash()
    return "dark"


def office_start(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Head office starts again."""
    if not world.office.up:
        world.office.start()
    return "up"


def back_up(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Head office's database is copied."""
    world.office.back_up()
    return "done"


def restore(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Head office's database is an old copy."""
    missing = step.what % 3 == 0
    world.office.restore(position="missing" if missing else "kept")
    return "without its positions" if missing else "done"


def publish(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Other caps are published."""
    if not world.office.up:
        return "dark"
    more = replace(world.office.publication, total=4 + step.what % 10, per_store=3 + step.what % 3)
    world.office.publish(more)
    return f"total {more.total}"


def enrol(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A device without a key comes in anew: a new one, or an old disk whose key is gone."""
    if not world.office.up:
        return "dark"
    seat, how = world.seat_of(counter), step.what % 3
    if how == 2:
        return str(world.enrol(seat, counter.disk, instead_of=counter).feed)
    return str(world.enrol(seat, Disk(counter.disk.image()) if how else Disk()).feed)


def revoke(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A person ends a life of a counter, mostly behind all that arrived."""
    office, feed = world.office, counter.feed
    if not office.up or feed not in office.store.tables.feeds:
        return "not there"
    held_n = len(office.store.tables.feeds[feed])
    last = held_n if step.what % 3 else max(held_n - step.what % 5, 0)
    decisions.revoke(office.office, feed, last, why="stolen", by="zoe")
    world.auditor.revoked.add(str(feed))
    office.audit()
    return f"behind {last}"


def clone(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """The whole disk is copied, key included, and both work on."""
    world.seat_of(counter).images.append((counter, counter.disk.image()))
    return str(world.copy(counter, counter.disk.image()).number)


def old_disk(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A counter's disk is put back to an old image, key included."""
    images = world.seat_of(counter).images
    if not images:
        images.append((counter, counter.disk.image()))
        return "image taken"
    of, image = images[step.what % len(images)]
    return str(world.copy(of, image).number)


def give_back(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Rights that are not needed go back to head office."""
    if step.what % 4 == 1:
        return str(counter.give_back_all())
    return str(counter.give_back() + counter.give_back_once())


def pass_on(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A neighbour gets some of a right."""
    near = world.other(counter, step.other)
    rights = sorted({lot.right for lot in counter.standing.accounts.all_lots()})
    if near is None or not rights:
        return "nothing"
    right = rights[step.what % len(rights)]
    if right.kind is RightKind.STORE and right.subject != near.place.store.encode():
        return "nothing"
    return str(counter.pass_on(right, 1 + step.what % 3, near.feed))


def lan(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Two neighbours exchange."""
    near = world.other(counter, step.other)
    link = None if near is None else counter.neighbours.link_to(near.number)
    if link is None:
        return "nobody"
    link.turn()
    return "met" if link.trouble is None else link.trouble.code


def newer_fact(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A counter of the next release writes what this one does not know."""
    body = {0: 90 + step.what % 9, 1: counter.now_ms(), 2: "of the next release"}
    if step.what % 2:
        body = {0: 4, 1: counter.now_ms(), 2: 1, 3: "ana", 90: "a field of the next release"}
    counter.learn(counter.journal.append_bodies([encode(body)]))
    world.network.faults["fact of another release"] += 1
    return "written"


def disk_full(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    counter.disk.full = True
    return "full"


def disk_freed(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    counter.disk.full = False
    return "freed"


def nothing(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """To be written."""
    return "not yet"


def replay(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Somebody sends head office what was sent before: what it held was known, or was lost in a restore."""
    heard = world.network.heard.get(OFFICE, [])
    if not heard:
        return "nothing"
    path, message = heard[step.what % len(heard)]
    world.network.faults["message played back"] += 1
    if path == EXCHANGE_PATH:
        world.office.answer(path, message)
        world.doubled(lambda: world.office.answer(path, message))
    return "played back"


def catch_up(world: World, counter: SimCounter) -> None:
    """What every counter does by itself in time: exchange until nothing moves."""
    for _ in range(4):
        counter.exchange()


def check_quiet(world: World) -> None:
    """I16: behind two exchanges nothing waits."""
    forked = world.auditor.forked
    for counter in world.counters:
        if str(counter.feed) in forked | world.auditor.revoked or counter.fenced:
            continue
        if waiting := counter.standing.waiting(counter.feed):
            world.auditor.broken("I16", f"{waiting} entries of {counter.feed} wait after healing")


FAULTY = ("revoke", "jump", "office crash", "restore", "clone", "old disk", "enrol", "reboot")
"""The kinds of steps that are faults in themselves."""

ACTS: Mapping[str, Act] = {
    "redeem": redeem, "undo": undo, "undo other's": undo_others, "answer": answer, "exchange": exchange,
    "cut": cut, "heal": heal, "reboot": reboot, "jump": jump, "office crash": office_crash,
    "office start": office_start, "back up": back_up, "restore": restore, "publish": publish, "enrol": enrol,
    "clone": clone, "revoke": revoke, "old disk": old_disk, "give back": give_back, "pass on": pass_on, "lan": lan,
    "stick": nothing, "disk full": disk_full, "disk freed": disk_freed, "old bundle": attacks.old_bundle,
    "damage bundle": attacks.damage_bundle, "newer fact": newer_fact, "forge": attacks.forge, "replay": replay,
    "month": month, "prune": prune,
}  # fmt: skip
