"""How far a preparation is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io

from kiosk.setup.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def steps(stream: io.StringIO, total: int) -> str:
    progress = Progress("Packages", total, stream)
    for n in range(total):
        progress.step(f"package-{n}")
    progress.close()
    return stream.getvalue()


def test_terminal_sees_one_line_that_ends_full() -> None:
    shown = steps(Terminal(), 12)
    assert shown.count("\n") == 1
    assert "[" + "#" * 24 + "] 12 of 12" in shown.split("\r")[-1]


def test_log_sees_every_tenth_step_and_the_last() -> None:
    assert steps(io.StringIO(), 12) == "Packages: 10 of 12\nPackages: 12 of 12\n"


def test_more_steps_than_were_foreseen_do_not_pass_the_total() -> None:
    stream = io.StringIO()
    progress = Progress("Packages", 1, stream)
    progress.step("a")
    progress.step("b")
    assert stream.getvalue() == "Packages: 1 of 1\n"
