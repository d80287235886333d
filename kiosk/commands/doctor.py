"""``doctor [CAMERA]``: what works on this machine, what does not, what to do; ``doctor camera [CAMERA]``: filmed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.commands.counter import TURNED_WORDS, TURNS
from kiosk.errors import SetupError

if TYPE_CHECKING:
    from kiosk.doctor import Finding

SIGNS = {"good": "  ok    ", "lacking": "  -     ", "broken": "  FAILS "}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = (
        "Look at camera, decoders, screen reader, journal, clock, disk, network and pages: what works, what does not, "
        "what to do. Exit 1 when something fails that a counter cannot do without."
    )
    command = commands.add_parser("doctor", help="what works here, what does not, what to do", description=words)
    command.add_argument(
        "about",
        nargs="*",
        metavar="[camera] CAMERA",
        help="the camera to try, as in counter --camera; after the word camera it is filmed for some seconds, and told "
        "with its light, sharpness, pictures a second and reading times",
    )
    command.add_argument("--seconds", type=float, default=8.0, help="how long to film (default: %(default)s)")
    command.add_argument("--picture", type=Path, metavar="FILE.jpg", help="keep the last picture that was filmed")
    command.add_argument("--camera-turned", type=int, choices=TURNS, default=0, metavar="DEGREES", help=TURNED_WORDS)
    command.add_argument(
        "--data", type=Path, default=Path("counter"), metavar="DIR", help="the counter's folder (default: ./counter)"
    )
    command.add_argument("--head-office", metavar="URL", help="the head office to reach (default: the enrolled one)")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Words on standard error, the findings as one JSON line on standard output."""
    about: list[str] = args.about
    if about[:1] == ["camera"] and len(about) <= 2:
        return _film(about[1] if len(about) == 2 else "0", args)
    if len(about) > 1:
        raise SetupError("typed-wrongly", f"One camera at a time, not {' '.join(about)}", cure="Say: doctor camera 0.")
    from kiosk.doctor import Patient, examine

    return _tell(examine(Patient(args.data, about[0] if about else None, args.head_office)))


def _film(spec: str, args: argparse.Namespace) -> int:
    """The camera alone, filmed as the counter films it."""
    from kiosk.doctor import Finding, State
    from kiosk.vision.camera import open_camera
    from kiosk.vision.doctor import film

    print(f"Filming for {args.seconds:.0f} seconds: hold a code before the camera.", file=sys.stderr)
    filmed = film(lambda: open_camera(spec, turned=args.camera_turned), args.seconds)
    if args.picture is not None and filmed.picture is not None:
        args.picture.write_bytes(filmed.picture)
    checks = filmed.checks()
    found = [Finding(one.name, State.GOOD if one.ok else State.LACKING, one.words, one.cure) for one in checks]
    if not checks[0].ok:
        found[0] = replace(found[0], state=State.BROKEN)
    return _tell(found)


def _tell(findings: Iterable[Finding]) -> int:
    rows, well = [], True
    for finding in findings:
        print(f"{SIGNS[finding.state]}{finding.name:<12} {finding.words}", file=sys.stderr)
        if finding.cure:
            print(f"{'':21}{finding.cure}", file=sys.stderr)
        rows.append({"name": finding.name, "state": finding.state, "words": finding.words, "cure": finding.cure})
        well = well and finding.state != "broken"
    print(json.dumps({"ok": well, "checks": rows}))
    return 0 if well else 1
