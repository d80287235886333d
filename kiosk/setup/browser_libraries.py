"""What the pages load besides our own files: htmx, its SSE extension, the Noto fonts; and whether it is there.

They come from their npm packages by ``static/package-lock.json`` (pinned, hashed, no addresses). Only the
files that a page loads are kept, in ``static/lib/``, never committed. The folder is replaced whole, and a
stamp inside it says which lock it was made from. How they are fetched: :mod:`kiosk.setup.npm`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

STAMP = "made-from.sha256"

WANTED = {  # the file under static/lib/ -> the file in node_modules/
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse.js": "htmx-ext-sse/dist/sse.min.js",
    **{  # upright, with the variable weight axis, in the two subsets that hold the Latin letters
        f"fonts/{family}-{subset}.woff2": f"@fontsource-variable/{family}/files/{family}-{subset}-wght-normal.woff2"
        for family in ("noto-sans", "noto-serif", "noto-sans-mono")
        for subset in ("latin", "latin-ext")
    },
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/htmx-ext-sse.txt": "htmx-ext-sse/LICENSE",
    "licences/noto-sans.txt": "@fontsource-variable/noto-sans/LICENSE",
    "licences/noto-serif.txt": "@fontsource-variable/noto-serif/LICENSE",
    "licences/noto-sans-mono.txt": "@fontsource-variable/noto-sans-mono/LICENSE",
}


def present(static: Path) -> bool:
    """Whether ``static/lib`` is whole and made from today's lock."""
    lib = static / "lib"
    try:
        stamp = (lib / STAMP).read_text(encoding="ascii")
    except OSError:
        return False
    return stamp == fingerprint(static) and all((lib / name).is_file() for name in WANTED)


def fingerprint(static: Path) -> str:
    """Of the lock and of the list of wanted files: a change of either fetches anew."""
    said = (static / "package-lock.json").read_bytes() + repr(sorted(WANTED.items())).encode()
    return hashlib.sha256(said).hexdigest()
