"""What a counter costs while nobody is there: idle [--seconds N] [--moving]

A still, empty scene of 1280 x 720 with a camera's noise, 15 frames a second handed over as arrays, no page open: the
real loop with both decoders and the reader of screens. ``cpu_share`` is processor time of the whole process over wall
time, all threads counted, as a share of one core; a bare loop that only hands the frames over is measured beside it.
With ``--moving`` somebody without a phone walks through the scene all the time.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from kiosk.clock import SystemClock
from kiosk.core.marks import Marks
from kiosk.vision.codes import Decoder
from kiosk.vision.frames import Frame, Pace
from kiosk.vision.ocr import load_ocr
from kiosk.vision.picture import Image
from kiosk.vision.screen_watch import ScreenWatch
from kiosk.vision.watch import Watch

FPS = 15.0
WARM_S = 4.0


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench idle", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=20.0, metavar="N")
    parser.add_argument("--moving", action="store_true", help="somebody walks through the scene")
    args = parser.parse_args(arguments)
    frames = scene(moving=args.moving)
    bare = cost(_hand_over, frames, args.seconds / 4)
    whole = cost(_watch, frames, args.seconds)
    return {"cpu_share": round(whole[0], 4), "bare_share": round(bare[0], 4), "frames": whole[1], **whole[2]}


def scene(*, moving: bool) -> list[Image]:
    """Frames that are shown in turn: a shop's counter, with the noise of a camera."""
    chance = np.random.default_rng(1)
    coarse = chance.integers(60, 150, (6, 10, 3), dtype=np.uint8)
    ground = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(ground, (0, 520), (1280, 720), (50, 70, 90), -1)
    cv2.rectangle(ground, (90, 60), (420, 300), (180, 190, 200), -1)
    cv2.putText(ground, "MENU", (180, 150), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (40, 40, 40), 3, cv2.LINE_AA)
    frames = []
    for i in range(30):
        frame = ground.copy()
        if moving:
            cv2.ellipse(frame, (80 + 38 * i, 420), (110, 260), 0, 0, 360, (70, 60, 110), -1)
        noise = np.asarray(chance.normal(0, 1.5, frame.shape))
        noisy = frame.astype(np.float64) + noise
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return frames


class Handed:
    """A camera that gives ``frames`` in turn, at 15 a second."""

    words, note, ended = "frames of a bench", "", False

    def __init__(self, frames: Sequence[Image]) -> None:
        self._frames = frames
        self._pace = Pace(FPS, SystemClock())
        self.given = 0

    def read(self) -> Frame | None:
        at_s = self._pace.wait()
        self.given += 1
        return Frame(self._frames[self.given % len(self._frames)], self.given, at_s)

    def close(self) -> None:
        pass


def cost(begin: Any, frames: Sequence[Image], seconds: float) -> tuple[float, int, dict[str, Any]]:
    """(share of one core, frames, what else the work says of itself) over ``seconds``, after a while to warm up."""
    camera = Handed(frames)
    end = begin(camera)
    pause = threading.Event()
    pause.wait(WARM_S)
    given, began_s, began_cpu_s = camera.given, time.perf_counter(), time.process_time()
    pause.wait(seconds)
    share = (time.process_time() - began_cpu_s) / (time.perf_counter() - began_s)
    given = camera.given - given
    return share, given, end()


def _hand_over(camera: Handed) -> Any:
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            camera.read()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def end() -> dict[str, Any]:
        stopping.set()
        thread.join()
        return {}

    return end


def _watch(camera: Handed) -> Any:
    marks = Marks([])
    screens = ScreenWatch(load_ocr, lambda: marks, lambda sighting: None)
    watch = Watch(lambda: camera, Decoder(), lambda seen: None, also=screens)
    screens.start()
    watch.start()

    def end() -> dict[str, Any]:
        watch.stop()
        screens.stop()
        return {"decode_ms": round(watch.stats.decode_ms, 2), "screen_looks": screens.looks}

    return end
