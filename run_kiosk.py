"""Counterfoil: honours at the counter what was promised on social media, and keeps the stub.

The one command that a person types, and the one place where the counter (kiosk) and what lies between
counters (sync) meet. In a checkout it prepares ``.venv`` beside itself and goes on inside it; installed
from a wheel it runs straight, under the name ``counterfoil``.

This file is read by whatever Python a person has, so its syntax stays old, and the first thing it does
is to look at the version.

Exit codes: 0 done; 1 the answer is no (a journal that does not verify, a failed check or test);
2 typed wrongly; 3 a fault, told in one sentence with its cure and a code to read out; 130 stopped by Ctrl-C.
"""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "Counterfoil needs Python 3.11 or newer, and this is {0}.{1} ({2}). "
        "Install a newer one (Debian 12, Ubuntu 24.04: apt install python3 python3-venv; elsewhere: python.org), "
        "then type for example: python3.11 run_kiosk.py [python-too-old]\n".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )
    sys.exit(3)

import json
import os
from pathlib import Path

from kiosk import __version__
from kiosk.errors import CounterfoilError
from kiosk.setup import environment

TYPE_CHECKING = False  # argparse and typing are loaded where they are needed: the way into .venv is short
if TYPE_CHECKING:
    import argparse
    import socket
    from collections.abc import Callable, Sequence

    from flask import Blueprint

    from kiosk.config import CounterFolder
    from kiosk.enrolling import Enrol
    from kiosk.ports import Stick
    from kiosk.station import CameraPlan, Station
    from sync.line import Ends, Nearby

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 (argparse names it no other way)

FAULT = 3
INTERRUPTED = 130

INTRO = """Counterfoil {version}: a redemption kiosk for shops, restaurants and box offices.
It films what a customer holds up, tells the clerk what to hand over, and keeps the stub.

Type one of these:
  {name} demo          head office and one counter on this machine, with sample promotions
  {name} counter       one counter
  {name} head-office   the server that publishes promotions and receives redemptions
  {name} doctor        what works on this machine, what does not, what to do
  {name} test          everything that must hold before a change is handed in
  {name} --help        all commands; NAME --help tells of one
"""


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Do what was typed; the answer is the exit code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if not typed:
        print(INTRO.format(version=__version__, name=command_name()), end="")
        return 0
    try:
        enter_environment(typed)
        args = parser().parse_args(typed)
        return int(args.run(args))
    except CounterfoilError as error:
        if os.environ.get("COUNTERFOIL_DEBUG"):
            raise
        print(str(error), file=sys.stderr)
        return FAULT
    except BrokenPipeError:  # whoever reads the answer has read enough (| head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED


def enter_environment(typed: "Sequence[str]") -> None:
    """In a checkout: return only inside its environment, prepared if it has to be. In a wheel: return."""
    place = environment.checkout_of(Path(__file__))
    if place is None or os.environ.get("COUNTERFOIL_ENVIRONMENT") == "as-is":
        return
    profile: environment.Profile = "test" if typed[0] == "test" else "run"
    if not environment.ready(place, profile):
        parser().parse_args(typed)  # help, and what was typed wrongly, need no preparation
        from kiosk.setup.preparation import prepare

        prepare(place, profile)
    elif place.inside:
        return
    environment.restart(place, Path(__file__).resolve(), typed)


def command_name() -> str:
    """What a person types to get here."""
    return "counterfoil" if environment.checkout_of(Path(__file__)) is None else "python3 run_kiosk.py"


def parser() -> "argparse.ArgumentParser":
    """Every command's arguments. Reads no package: ``--help`` works before anything is installed."""
    import argparse

    from kiosk.commands import bench, counter, decide, demo, doctor, simulate, stick, test, verify

    top = argparse.ArgumentParser(
        prog=command_name(),
        description="A redemption kiosk: film it, honour it, keep the stub.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 typed wrongly, 3 a fault (told with its cure), 130 stopped. "
        "COUNTERFOIL_DEBUG=1 shows where in the program a fault arose.",
    )
    top.add_argument("--version", action="version", version="counterfoil " + __version__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    demo.add_parser(commands, run_demo)
    counter.add_parser(commands, run_counter)
    add_head_office(commands)
    stick.add_parser(commands, run_stick)
    decide.add_parser(commands, run_decide)
    for module in (doctor, verify, bench, simulate, test):
        module.add_parser(commands)
    return top


def add_head_office(commands: "Commands") -> None:
    """Head office's commands, where ``sync`` is there."""
    try:
        from sync.head_office.commands import add_parser
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        return  # a counter alone: it serves and redeems without sync
    add_parser(commands)


def run_counter(args: "argparse.Namespace") -> int:
    """Serve one counter until it is stopped: its set-up pages as long as it is not enrolled, then the counter."""
    from kiosk.config import CounterFolder
    from kiosk.enrolling import why_not_enrolled
    from kiosk.serving import bind
    from kiosk.station import CameraPlan

    listening = bind(args.host, args.port)
    folder = CounterFolder(args.data)
    enrol = enroller()
    if args.code:
        enrol_at_start(args, folder, enrol)
    plan = CameraPlan(
        None if args.camera == "none" else args.camera,
        once=args.camera_once,
        fps=args.camera_fps or None,
        wait_for_clerk=args.wait_for_clerk,
        turned=args.camera_turned,
    )
    print("The counter's page: http://{0}:{1}/".format(args.host, args.port), file=sys.stderr, flush=True)
    anew = False
    while True:
        missing = why_not_enrolled(folder)
        if anew or missing is not None:
            if enrol is None:
                raise missing or AssertionError("a counter alone cannot be enrolled anew")
            from kiosk.setting_up import serve_set_up

            address = args.head_office or ""
            if not serve_set_up(folder, plan, enrol, listening, language=args.language, address=address):
                return 0
        anew = serve_counter(args, folder, plan, listening, can_enrol=enrol is not None)
        if not anew:
            return 0


def serve_counter(
    args: "argparse.Namespace", folder: "CounterFolder", plan: "CameraPlan", listening: "socket.socket", can_enrol: bool
) -> bool:
    """Put the counter together and serve it; whether somebody asked to enrol it anew."""
    from kiosk import assets
    from kiosk.serving import Switch, serve
    from kiosk.station import Station

    switch = Switch()
    station = Station.open(folder, plan)
    station.enrol_anew = switch.ask if can_enrol else None
    blueprints, stick, stop_link = link(station, args.lan, args.neighbours, args.stick)
    app = station.app(assets.templates(), assets.static(), blueprints, args.language)
    app.extensions["stick"] = stick
    station.start()
    try:
        serve(app, listening, app.extensions["counterfoil"].streams.end, switch)
    finally:
        stop_link()
        station.stop()
    return switch.asked


def enroller() -> "Enrol | None":
    """How to ask head office, where ``sync`` is there."""
    try:
        from sync.line import enrol_by_code
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        return None
    return enrol_by_code


def enrol_at_start(args: "argparse.Namespace", folder: "CounterFolder", enrol: "Enrol | None") -> None:
    """Enrol with the code that was typed with the command."""
    from kiosk.errors import SetupError
    from kiosk.setting_up import enrol_now

    if enrol is None or not args.head_office:
        raise SetupError(
            "head-office-missing",
            "A one-time code needs to know where head office is",
            cure="Add --head-office URL, for example --head-office http://127.0.0.1:8700.",
        )
    origin = enrol_now(folder, enrol, args.head_office, args.code, new_head_office=args.new_head_office)
    print("Enrolled as {0}.".format(origin), file=sys.stderr)


def link(
    station: "Station", lan: "str | None" = None, listed: "str | None" = None, stick_folder: "Path | None" = None
) -> "tuple[list[Blueprint], Stick | None, Callable[[], None]]":
    """The lines to head office and to neighbours, where ``sync`` is there; a counter serves and redeems without."""
    try:
        from sync.line import open_line
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        return [], None, lambda: None
    line = open_line(ends_of(station, stick_folder, nearby(station, lan, listed)))
    station.counter.carrier, station.counter.neighbours = line.replicator, line.neighbours
    return [line.blueprint], line.stick, line.stop


def ends_of(station: "Station", stick_folder: "Path | None" = None, near: "Nearby | None" = None) -> "Ends":
    """What the line, or the stick, needs of a counter."""
    from sync.line import Ends

    counter = station.counter
    return Ends(
        enrolment=station.enrolment,
        device_key=station.device_key,
        journal=station.journal,
        clock=station.clock,
        checkpoint=station.checkpoint,
        learn=counter.learn,
        bundle_floor=lambda: counter.standing.bundle_floor,
        install=counter.install_bundle,
        tell=counter.set_link,
        place=station.folder.path,
        chunks=station.lists,
        stick_folder=stick_folder,
        earlier_keys=station.folder.earlier_keys(),
        contacts=station.kept_contacts,
        nearby=near,
        saw_time=counter.told_time,
        saw_list=counter.told_list,
    )


def run_stick(args: "argparse.Namespace") -> int:
    """Write or read the stick of a counter that is not running."""
    from kiosk.config import CounterFolder
    from kiosk.errors import SetupError
    from kiosk.station import CameraPlan, Station

    try:
        from sync import stick_words
        from sync.line import open_stick
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        raise SetupError(
            "no-sync-here", "This counter was installed without what carries its journal", cure="Install it whole."
        ) from None
    station = Station.open(CounterFolder(args.data), CameraPlan(None))
    try:
        stick = open_stick(ends_of(station))
        if args.verb == "export":
            written = [stick.write_to(args.folder, everything=args.all)]
            lines, fields, code = stick_words.told_written(written), stick_words.fields_written(written), 0
        else:
            read = stick.read_from(args.folder)
            lines, fields, code = (
                stick_words.told_read(read),
                stick_words.fields_read(read),
                stick_words.exit_code(read),
            )
    finally:
        station.stop()
    print("\n".join(lines), file=sys.stderr)
    print(json.dumps(fields))
    return code


def nearby(station: "Station", lan: "str | None", listed: "str | None") -> "Nearby | None":
    """The local network as it was typed: ``lan`` HOST:PORT to listen on, ``listed`` addresses; None: it is off."""
    from kiosk.commands.counter import LAN_PORT
    from kiosk.serving import bind
    from sync.lan_line import LanPlan, parse_address, parse_addresses
    from sync.line import Nearby

    if lan is None and listed is None:
        return None
    own = parse_address(lan or "0.0.0.0:{0}".format(LAN_PORT))
    known = parse_addresses(listed or "")
    counter = station.counter
    plan = LanPlan(bind(own.host, own.port, "--lan"), known, listed is None, station.folder.certificates)
    return Nearby(
        plan=plan,
        desk=counter,
        receipted_n=lambda feed: counter.standing.receipted_n(feed),  # noqa: PLW0108 - the standing may be folded anew
        revoked_n=lambda feed: counter.standing.revoked.get(str(feed)),
    )


def run_decide(args: "argparse.Namespace") -> int:
    """Answer scenarios; their promotions are read as head office reads what it publishes."""
    from kiosk.commands import decide
    from kiosk.commands.scenario_desk import Readers
    from kiosk.errors import SetupError

    try:
        from sync.head_office.scenario_files import organisation_in, promotions_in
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        raise SetupError(
            "no-head-office-here",
            "A counter alone reads no files of promotions",
            cure="Try promotions where head office is installed.",
        ) from None
    return decide.run(args, Readers(promotions_in, organisation_in))


def run_demo(args: "argparse.Namespace") -> int:
    """Start both sides as a person would; with ``--check`` walk the road with no screen."""
    from sync import demo

    program = Path(__file__).resolve()
    beside = Path.cwd() if environment.checkout_of(program) is None else program.parent
    plan, forget = demo.plan_of(args, program, beside)
    try:
        if not args.check:
            return demo.show(plan, open_browser=not args.no_browser)
        from sync.demo_check import check

        code, counted = check(plan)
        print(json.dumps(counted))
        return code
    finally:
        forget()


if __name__ == "__main__":
    sys.exit(main())
