"""``doctor [CAMERA]``: what works on this machine, what does not, what to do."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

SIGNS = {"good": "  ok    ", "lacking": "  -     ", "broken": "  FAILS "}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = (
        "Look at camera, decoders, screen reader, journal, clock, disk, network and pages: what works, what does not, "
        "what to do. Exit 1 when something fails that a counter cannot do without."
    )
    command = commands.add_parser("doctor", help="what works here, what does not, what to do", description=words)
    command.add_argument("camera", nargs="?", metavar="CAMERA", help="the camera to try, as in counter --camera")
    command.add_argument(
        "--data", type=Path, default=Path("counter"), metavar="DIR", help="the counter's folder (default: ./counter)"
    )
    command.add_argument("--head-office", metavar="URL", help="the head office to reach (default: the enrolled one)")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Words on standard error, the findings as one JSON line on standard output."""
    from kiosk.doctor import Patient, State, examine

    findings = []
    for finding in examine(Patient(args.data, args.camera, args.head_office)):
        print(f"{SIGNS[finding.state]}{finding.name:<12} {finding.words}", file=sys.stderr)
        if finding.cure:
            print(f"{'':21}{finding.cure}", file=sys.stderr)
        findings.append(finding)
    well = all(finding.state is not State.BROKEN for finding in findings)
    rows = [{"name": f.name, "state": f.state, "words": f.words, "cure": f.cure} for f in findings]
    print(json.dumps({"ok": well, "checks": rows}))
    return 0 if well else 1
