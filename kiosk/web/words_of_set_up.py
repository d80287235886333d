"""What the set-up page says of each thing that can go wrong: by its code, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.errors import CounterfoilError
from kiosk.web.language import gettext as _
from kiosk.web.language import marked

_WORDS: Mapping[str, tuple[str, str]] = {
    "enrol-code-malformed": (
        marked("A one-time code has 16 letters and digits"),
        marked("They come in groups of four, such as 7K3M-9XTA-4PWD-H2RC. Look at head office's page again."),
    ),
    "enrol-code-wrong": (
        marked("That one-time code is not right"),
        marked("Compare it with head office's page. After five wrong tries it is withdrawn, and a new one is needed."),
    ),
    "enrol-code-used": (
        marked("That one-time code has been used"),
        marked("Ask head office for a new one. If nobody here used it, tell them so: somebody else did."),
    ),
    "enrol-code-expired": (
        marked("That one-time code is too old"),
        marked("It works for a day. Ask head office for a new one."),
    ),
    "enrol-answer-wrong": (
        marked("The answer did not come from the head office that made this code"),
        marked("Somebody may be in between. Check the address and the network, and ask head office for a new code."),
    ),
    "unreachable": (
        marked("Head office does not answer"),
        marked("Check that this device is on the network, and the address. The code is as good as before."),
    ),
    "address-malformed": (
        marked("That is no address of a head office"),
        marked("Write it as head office shows it, such as http://192.168.1.20:8700."),
    ),
    "clock-wrong": (
        marked("The clock of this device is wrong"),
        marked("It differs from head office's by more than five minutes. Set date, time and time zone, then go on."),
    ),
    "other-head-office": (
        marked("This is not the head office that this counter has worked with"),
        marked("Stop, and call head office. Only if they have set it up anew may this counter believe it."),
    ),
    "other-counter": (
        marked("This code is for another counter"),
        marked("The journal here belongs to a different one. Ask head office for a code for this counter."),
    ),
    "device-key-missing": (
        marked("The key of this counter is not here"),
        marked("Its disk was restored or copied. With a new code it comes in anew, and its journal is kept."),
    ),
    "not-enrolled": (
        marked("This counter is new"),
        marked("It needs a one-time code. Head office makes one on its page of counters."),
    ),
    "enrolment-unreadable": (
        marked("This counter no longer knows who it is"),
        marked("A file of its folder is damaged. With a new code it comes in anew, and its journal is kept."),
    ),
}


@dataclass(frozen=True, slots=True)
class FaultWords:
    """What happened and what to do; ``code`` to read out on the phone."""

    what: str
    cure: str
    code: str


def fault_words(fault: CounterfoilError) -> FaultWords:
    """The words for ``fault``; its own where it is none of set-up's."""
    known = _WORDS.get(fault.code)
    if known is None:
        return FaultWords(fault.what, fault.cure, fault.code)
    return FaultWords(_(known[0]), _(known[1]), fault.code)
