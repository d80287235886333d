"""Real programs on loopback: a head office and a counter, started, killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sync.demo_office import Planted, Seed, plant
from sync.robot_clerk import RobotClerk, wait_until_healthy
from sync.samples import organisation

PROGRAM = Path(__file__).parents[2] / "run_kiosk.py"
START_WITHIN_S = 40.0

PROMOTIONS = """promotions:
  - id: tacos
    title: Free tacos
    gives: One tacos, free
    value: {amount: "1.00", currency: USD}
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [listed]
    offline: {policy: floor, floor: "2.00", risk: "1000.00"}
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [word]
    words: [LIMEPIE]
"""


def codes(count: int) -> list[str]:
    """So many listed codes."""
    return [f"TACO-{number:05d}-{number * 7919 % 9973:04d}" for number in range(count)]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Program:
    """One child process that answers at an address."""

    url: str
    arguments: list[str]
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            environment = os.environ | {"COUNTERFOIL_ENVIRONMENT": "as-is"}
            self.child = subprocess.Popen(
                [sys.executable, str(PROGRAM), *self.arguments], stdout=log, stderr=log, env=environment
            )
        assert wait_until_healthy(self.url, START_WITHIN_S), self.log.read_text()[-2000:]

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def _end(self, how: int) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(how)
            self.child.wait(20)
        self.child = None


@dataclass
class Road:
    """A planted head office and one counter enrolled with it, each at its own port in ``folder``."""

    folder: Path
    planted: Planted
    head_office: Program
    counter: Program
    enrolled: bool = False
    clerks: list[RobotClerk] = field(default_factory=list)

    @classmethod
    def plant(cls, folder: Path, *, listed: int, camera: str = "none") -> Road:
        """Everything made, nothing started."""
        seed = Seed(
            organisation=organisation("America/New_York"),
            promotions=PROMOTIONS,
            codes={"tacos": codes(listed)},
            store="bayside",
            counter="counter-1",
            clerk="Ana Moreno",
        )
        planted = plant(folder / "head-office", seed)
        port, head_office_port = free_port(), free_port()
        url = f"http://127.0.0.1:{head_office_port}"
        head_office = ["head-office", "run", "--data", str(folder / "head-office"), "--port", str(head_office_port)]
        counter = ["counter", "--data", str(folder / "counter"), "--port", str(port), "--camera", camera]
        return cls(
            folder,
            planted,
            Program(url, head_office, folder / "head-office.log"),
            Program(f"http://127.0.0.1:{port}", counter, folder / "counter.log"),
        )

    def start_counter(self) -> None:
        """Start the counter; at the first start it enrols with its one-time code."""
        program = self.counter
        if self.enrolled:
            program.start()
            return
        typed = Program(
            program.url,
            [*program.arguments, "--head-office", self.head_office.url, "--code", self.planted.code],
            program.log,
        )
        typed.start()
        program.child, self.enrolled = typed.child, True

    def clerk(self) -> RobotClerk:
        """A clerk, signed in."""
        made = RobotClerk(self.counter.url)
        self.clerks.append(made)
        made.sign_in(self.planted.clerk_id, self.planted.pin)
        return made

    def health(self) -> dict[str, Any]:
        """What the counter says of itself to machines."""
        read: dict[str, Any] = httpx.get(f"{self.counter.url}/healthz", timeout=20).raise_for_status().json()
        return read

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run a head-office command on this head office's folder; its JSON answer."""
        typed = [sys.executable, str(PROGRAM), *arguments, "--data", str(self.folder / "head-office")]
        environment = os.environ | {"COUNTERFOIL_ENVIRONMENT": "as-is"}
        done = subprocess.run(typed, capture_output=True, text=True, env=environment, check=True, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def received(self) -> list[dict[str, Any]]:
        """Head office's log for machines, from the beginning."""
        answer = httpx.get(
            f"{self.head_office.url}/api/v1/redemptions.ndjson",
            params={"limit": 1000},
            headers={"Authorization": f"Bearer {self.planted.token}"},
        ).raise_for_status()
        return [json.loads(line) for line in answer.text.splitlines()]

    def stop(self) -> None:
        """End everything that was started here."""
        for clerk in self.clerks:
            clerk.close()
        self.counter.stop()
        self.head_office.stop()
