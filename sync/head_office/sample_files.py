"""Sample pictures of check-in screens: found by the name a promotion gives, and made what counters take.

Rules of this module:

- A name is looked up below one folder (the published file's own) or among the pictures that were sent along;
  nothing outside is ever opened, by ``..``, by an absolute name or through a link.
- What is found is decoded and written anew: no byte of a stranger's file reaches a counter.
- A picture is a JPEG of 640x1280 pixels and ``MAX_SAMPLE_BYTES`` at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from kiosk.core.bundle import MAX_SAMPLE_BYTES
from kiosk.core.organisation import Fault
from kiosk.core.promotion import Promotion

if TYPE_CHECKING:
    from kiosk.vision.picture import Image

FIT_PX = (640, 1280)
QUALITIES = (85, 75, 65, 50, 35, 20)
_BELOW = "Name a file below the folder that promotions.yaml is in, such as samples/shrimp.png."
_KINDS = "Choose a PNG, JPEG, WebP or BMP file that other programs show."


class SampleError(ValueError):
    """A sample picture that cannot be had: ``str()`` says why, ``cure`` what to do."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


Samples: TypeAlias = Callable[[str], bytes | None]
"""Where sample pictures come from: a JPEG by its name; None: not here. Raises :class:`SampleError`."""

Found: TypeAlias = Mapping[str, bytes | SampleError]
"""What a file's names led to. A name that is missing led nowhere."""


def folder_samples(folder: Path) -> Samples:
    """Sample pictures in files below ``folder``; one that is not there is an error."""
    root = folder.resolve()

    def find(named: str) -> bytes:
        from kiosk.vision.picture import PictureError, read_picture  # noqa: PLC0415 (OpenCV only where it is needed)

        try:
            return sealed_jpeg(read_picture(_inside(root, named), FIT_PX))
        except PictureError as fault:
            raise SampleError(f"The sample picture {named!r} {fault}.", _KINDS) from None

    return find


def _inside(root: Path, named: str) -> Path:
    """The file that ``named`` leads to, links followed, still below ``root``."""
    if Path(named).is_absolute() or ".." in PurePosixPath(named.replace("\\", "/")).parts:
        raise SampleError(f"The sample picture {named!r} lies outside the folder of the promotions.", _BELOW)
    try:
        found = (root / named).resolve(strict=True)
    except FileNotFoundError:
        cure = "Put the picture there, or take the field out."
        raise SampleError(f"There is no sample picture {named!r}.", cure) from None
    except (OSError, ValueError, RuntimeError):  # a loop of links, a name with NUL, a name too long
        raise SampleError(f"The sample picture {named!r} cannot be opened.", _BELOW) from None
    if not found.is_relative_to(root):  # a link that leads out, to a file its author may not read but we may
        raise SampleError(f"The sample picture {named!r} leads outside the folder of the promotions.", _BELOW)
    return found


def sent_samples(sent: Mapping[str, bytes]) -> Samples:
    """Sample pictures that were sent along, by file name: ``samples/shrimp.png`` is the one sent as shrimp.png."""

    def find(named: str) -> bytes | None:
        from kiosk.vision.picture import PictureError, decode_picture  # noqa: PLC0415 (as above)

        content = sent.get(base_name(named))
        try:
            return None if content is None else sealed_jpeg(decode_picture(content, FIT_PX))
        except PictureError as fault:
            raise SampleError(f"The sample picture {named!r} {fault}.", _KINDS) from None

    return find


def base_name(named: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    return named.replace("\\", "/").rpartition("/")[2]


def sealed_jpeg(image: Image) -> bytes:
    """``image`` as the JPEG that travels: in the best quality that is small enough."""
    from kiosk.vision.picture import jpeg  # noqa: PLC0415 (as above)

    for quality in QUALITIES:
        written = jpeg(image, quality)
        if len(written) <= MAX_SAMPLE_BYTES:
            return written
    raise SampleError("The sample picture is too large even in low quality.", "Cut it to the phone's screen.")


def find_samples(promotions: Iterable[Promotion], samples: Samples) -> Found:
    """Look up every sample that ``promotions`` name, each once."""
    found: dict[str, bytes | SampleError] = {}
    for named in dict.fromkeys(filter(None, map(sample_name, promotions))):
        try:
            picture = samples(named)
        except SampleError as fault:
            found[named] = fault
        else:
            if picture is not None:
                found[named] = picture
    return found


def sample_name(promotion: Promotion) -> str | None:
    """The name of a promotion's sample picture, as its file has it."""
    return promotion.screen.sample if promotion.screen else None


def settle(
    promotions: Iterable[Promotion], found: Found, kept: Mapping[str, bytes]
) -> tuple[dict[str, bytes], list[Fault]]:
    """The picture of each promotion that names one, and what is wrong with the rest.

    ``kept`` are pictures published before, by name: they stand in where none was found now.
    """
    pictures: dict[str, bytes] = {}
    faults = []
    for i, one in enumerate(promotions):
        named = sample_name(one)
        picture = found.get(named, kept.get(named)) if named else None
        if isinstance(picture, bytes):
            pictures[one.id] = picture
        elif named:
            cure = f"Send {base_name(named)} along with the text, or take the field out."
            fault = picture or SampleError(f"The sample picture {named!r} was not sent.", cure)
            faults.append(Fault(("promotions", i, "screen", "sample"), str(fault), fault.cure))
    return pictures, faults
