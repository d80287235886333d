"""Power cuts and failing calls over all that is done to a journal, every one of them: power [--every N] [--seeds N]

``cuts`` are the moments at which power was cut, ``states`` what the disk was found with afterwards (``--seeds`` for
each cut), ``faults`` the calls that failed. Each is judged: nothing acknowledged is lost or altered, the chain
verifies, the bundle in force is one whole bundle and the one that the journal speaks of, and appending goes on. The
first that is wrong ends the bench. All of them take some minutes; ``--every 10`` a tenth of that.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.storage import power, power_beside
from tests.storage.operations import A_DAY, A_MONTH
from tests.storage.system_calls import SYSTEM_CALLS


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench power")
    parser.add_argument("--every", type=int, default=1, help="take each so-manieth cut and call")
    parser.add_argument("--seeds", type=int, default=12, help="how many things a cut may leave")
    args = parser.parse_args(arguments)
    logging.getLogger("kiosk").setLevel(logging.CRITICAL)  # thousands of journals are damaged here
    begun_s = time.monotonic()
    memory = Path("/dev/shm")  # where there is a disk in memory: many files are written and thrown away
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        folder = Path(place)
        judged = [
            power.cut_journal(folder, A_DAY, seeds=args.seeds, every=args.every, again=17),
            power.cut_journal(folder, A_MONTH, seeds=args.seeds, every=args.every, again=31),
            power.cut_upgrade(folder, seeds=args.seeds),
            power.cut_counter(folder, seeds=args.seeds, every=args.every),
            power_beside.cut_private(folder, seeds=args.seeds),
            power_beside.cut_enrolling(folder, seeds=args.seeds),
            power_beside.cut_positions(folder, seeds=args.seeds),
        ]
        faults = [
            power.fail_journal(folder, A_DAY, every=args.every),
            power.fail_journal(folder, A_MONTH, every=args.every),
            power.fail_system_calls(
                folder, A_DAY, every=args.every, calls=[one for one in SYSTEM_CALLS if one != "fcntl"]
            ),
            power.fail_system_calls(folder, A_DAY, every=args.every * 23, calls=["fcntl"]),
            power.fail_counter(folder, every=args.every),
            power.fail_redeeming(folder, every=args.every),
            power_beside.fail_private(folder),
            power_beside.fail_positions(folder),
        ]
    return {
        "cuts": sum(one.cuts for one in judged),
        "states": sum(one.states for one in judged),
        "faults": sum(faults),
        "seconds": round(time.monotonic() - begun_s, 1),
    }
