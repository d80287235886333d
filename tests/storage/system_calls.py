"""SQLite's own system calls made to fail, one level below a VFS: those for its shared index, its locks, its map.

SQLite lets its calls be replaced for tests (``xSetSystemCall``). What stands in counts, and fails with an errno or
passes the call on. They are the whole program's, so there is one :class:`SystemCalls` at a time.
"""

from __future__ import annotations

import ctypes
import errno
from types import TracebackType
from typing import Any, Self

import apsw

_INT, _VOID, _LONG, _SIZE = ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t
_SHAPES: dict[str, tuple[Any, ...]] = {  # what it answers, then what it is given
    "open": (_INT, _VOID, _INT, _INT),
    "stat": (_INT, _VOID, _VOID),
    "fstat": (_INT, _INT, _VOID),
    "ftruncate": (_INT, _INT, _LONG),
    "fcntl": (_INT, _INT, _INT, _VOID),
    "read": (ctypes.c_ssize_t, _INT, _VOID, _SIZE),
    "pread64": (ctypes.c_ssize_t, _INT, _VOID, _SIZE, _LONG),
    "write": (ctypes.c_ssize_t, _INT, _VOID, _SIZE),
    "pwrite64": (ctypes.c_ssize_t, _INT, _VOID, _SIZE, _LONG),
    "mmap": (_VOID, _VOID, _SIZE, _INT, _INT, _INT, _LONG),
    "unlink": (_INT, _VOID),
}
SYSTEM_CALLS = tuple(_SHAPES)
FAILED = -1  # MAP_FAILED too


class SystemCalls:
    """A context in which the calls are counted, and the ``k``-th of ``call`` fails with ``number``."""

    def __init__(self, call: str = "", k: int = 0, number: int = errno.EIO, *, lasting: bool = False) -> None:
        self.counts = dict.fromkeys(SYSTEM_CALLS, 0)
        self.fired = False
        self._wanted = (call, k, number, lasting)
        self._vfs = apsw.VFS("system-calls", "unix")
        self._kept: list[Any] = []  # what C calls must not be collected

    def __enter__(self) -> Self:
        for name, shape in _SHAPES.items():
            there = self._vfs.xGetSystemCall(name)
            if there is not None:
                kind = ctypes.CFUNCTYPE(*shape, use_errno=True)
                stand_in = kind(self._stand_in(name, kind(there)))
                self._kept.append(stand_in)
                self._vfs.xSetSystemCall(name, ctypes.cast(stand_in, ctypes.c_void_p).value or 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vfs.xSetSystemCall(None, 0)

    def _stand_in(self, name: str, real: Any) -> Any:
        def called(*given: Any) -> Any:
            self.counts[name] += 1
            call, k, number, lasting = self._wanted
            if name == call and (self.counts[name] == k or (lasting and self.counts[name] > k)):
                self.fired = True
                ctypes.set_errno(number)
                return FAILED
            return real(*given)

        return called
