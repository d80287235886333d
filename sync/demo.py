"""The demonstration: head office and one counter on loopback, started as a person would start them.

``prepare`` makes a data folder once: keys, sample promotions, a clerk, a one-time code. ``Pair`` runs both
programs as child processes. Little is imported before they start: a second start is to serve within 3 s.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.errors import SetupError
from kiosk.serving import bind

START_WITHIN_S = 30.0
MARKER = ".counterfoil-demo"
LEAVE_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for on the command line; ``program`` is the path of run_kiosk.py."""

    program: Path
    folder: Path
    port: int
    head_office_port: int
    camera: str | None
    codes: Path | None
    check: bool

    @property
    def counter_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def head_office_url(self) -> str:
        return f"http://127.0.0.1:{self.head_office_port}"

    @property
    def kept(self) -> Path:
        """Where the demo keeps what it has to print again."""
        return self.folder / "demo.json"


def plan_of(args: argparse.Namespace, program: Path, beside: Path) -> tuple[Plan, Callable[[], None]]:
    """The plan for what was typed, and what to call at the end: a check forgets its folder, unless one was named."""
    folder: Path | None = args.data
    scratch: tempfile.TemporaryDirectory[str] | None = None
    if folder is None and args.check:
        scratch = tempfile.TemporaryDirectory(prefix="counterfoil-check-", ignore_cleanup_errors=True)
        folder = Path(scratch.name) / "demo"
    folder = (folder or beside / ".demo").resolve()
    port, head_office_port = args.port, args.head_office_port
    if args.check:  # beside whatever else runs on this machine
        port, head_office_port = _free_port(), _free_port()
    for chosen in (port, head_office_port):
        bind("127.0.0.1", chosen).close()
    if args.fresh:  # after the ports: a demo that runs is not to lose its folder
        _forget(folder)
    plan = Plan(program, folder, port, head_office_port, args.camera, args.codes, args.check)
    return plan, scratch.cleanup if scratch else lambda: None


def _forget(folder: Path) -> None:
    """Delete a demo's folder, and nobody else's: one that is not empty and has no marker of ours is refused."""
    if not folder.exists():
        return
    ours = (folder / MARKER).exists() or not any(folder.iterdir())
    if not ours:
        raise SetupError(
            "folder-not-ours",
            "This folder was not made by the demo, and it is not empty",
            where=str(folder),
            cure="Name a new folder with --data.",
        )
    shutil.rmtree(folder)


def _free_port() -> int:
    with bind("127.0.0.1", 0) as found:
        return int(found.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Kept:
    """What a person needs to get in. ``code`` enrols the counter at the first start."""

    clerk_id: str
    clerk_name: str
    pin: str
    admin_password: str
    token: str
    code: str


def prepare(plan: Plan) -> Kept:
    """The demo's data folder, made at the first start and kept for the next."""
    if plan.kept.exists():
        if plan.codes is not None:
            cure = "Add --fresh to forget it and begin again, or name a new folder with --data."
            raise SetupError(
                "demo-made-before", "This demo was made with its own codes", where=str(plan.folder), cure=cure
            )
        return Kept(**json.loads(plan.kept.read_text(encoding="utf-8")))
    print("Preparing the demo: keys, sample promotions, a clerk ...", file=sys.stderr, flush=True)
    _forget(plan.folder)  # a first start that was interrupted
    try:
        plan.folder.mkdir(parents=True)
        (plan.folder / MARKER).touch()
    except OSError as error:
        raise SetupError(
            "folder-not-writable",
            f"Cannot make the demo's folder: {error.strerror}",
            where=str(plan.folder),
            cure="Choose a folder you may write to with --data.",
        ) from None
    from sync import demo_office  # noqa: PLC0415 (the first start only)

    kept = Kept(**asdict(demo_office.plant(plan.folder / "head-office", demo_office.seed(plan.codes))))
    (plan.folder / "scene.json").write_text(json.dumps({"items": demo_office.scene()}), encoding="utf-8")
    plan.kept.write_text(json.dumps(asdict(kept), indent=2), encoding="utf-8")
    return kept


# --- the two programs ---------------------------------------------------------------------------


class Pair:
    """Head office and a counter as child processes; ended by their own pids."""

    def __init__(self, plan: Plan, kept: Kept) -> None:
        self._plan = plan
        self._kept = kept
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both; raises SetupError where one does not answer in time."""
        plan = self._plan
        self._begin("head-office", "run", "--data", plan.folder / "head-office", "--port", plan.head_office_port)
        enrolled = (plan.folder / "counter" / "enrolment.json").exists()
        if not enrolled:
            self._await(plan.head_office_url, "Head office")
        self._begin("counter", *self._counter_arguments(enrolled))
        self._await(plan.head_office_url, "Head office")
        self._await(plan.counter_url, "The counter")

    def _counter_arguments(self, enrolled: bool) -> list[str | int | Path]:
        plan = self._plan
        camera = plan.camera or f"scene:{plan.folder / 'scene.json'}"
        arguments: list[str | int | Path] = ["--data", plan.folder / "counter", "--port", plan.port, "--camera", camera]
        if not enrolled:
            arguments += ["--head-office", plan.head_office_url, "--code", self._kept.code]
        if plan.check:
            arguments += ["--wait-for-clerk"]
        if plan.check and plan.camera:
            arguments += ["--camera-once", "--camera-fps", 0]
        return arguments

    def _begin(self, *arguments: str | int | Path) -> None:
        command = [sys.executable, str(self._plan.program), *map(str, arguments)]
        # a group of its own: Ctrl-C reaches this program only, which then ends both in good order
        self._children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True))

    def _await(self, url: str, who: str) -> None:
        from sync.robot_clerk import wait_until_healthy  # noqa: PLC0415 (loaded while the programs load)

        until_s = time.monotonic() + START_WITHIN_S
        while not wait_until_healthy(url, 0.5):
            if any(child.poll() is not None for child in self._children):
                raise SetupError("demo-ended", f"{who} ended before it answered; its words are above", where=url)
            if time.monotonic() > until_s:
                raise SetupError("demo-silent", f"{who} does not answer within {START_WITHIN_S:.0f} s", where=url)

    def wait(self) -> None:
        """Until one of them ends."""
        while all(child.poll() is None for child in self._children):
            time.sleep(0.2)

    def stop(self) -> None:
        """End both: the counter first, so that it can still hand over what it holds."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in reversed(self._children):
            try:
                child.wait(LEAVE_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def running(plan: Plan) -> Iterator[Kept]:
    """Both programs at work, ended at the end whatever happens."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _interrupt)  # a closed terminal or a timeout must not leave the two behind
    kept = prepare(plan)
    pair = Pair(plan, kept)
    try:
        pair.start()
        yield kept
        if not plan.check:
            pair.wait()
    finally:
        pair.stop()


def show(plan: Plan, *, open_browser: bool) -> int:
    """Run until it is stopped, having said where to look."""
    with running(plan) as kept:
        print(
            f"\nCounter      {plan.counter_url}/   clerk {kept.clerk_name}, PIN {kept.pin}\n"
            f"Head office  {plan.head_office_url}/   account admin, one-time password {kept.admin_password}\n\n"
            "Sign in at the counter; its camera plays a filmed scene. Tap Redeem, and watch head office. "
            "Ctrl-C ends both.",
            file=sys.stderr,
            flush=True,
        )
        if open_browser and _has_screen():
            webbrowser.open(plan.counter_url)
    return 0


def _has_screen() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
