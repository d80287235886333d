"""``demo --check``: the whole road with no screen, walked by a robot clerk and counted at both ends."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import httpx

from kiosk.errors import CounterfoilError
from sync.demo import START_WITHIN_S, Kept, Plan, running
from sync.robot_clerk import RobotClerk

IDLE_MEANS_DONE_S = 3.0
SCENE_CHECK_S = 60.0
SCENE_ACCEPTS = 3
CAMERA_WITHIN_S = 8.0
LOOKED_AT = frozenset({"check", "alarm"})
FILMING = frozenset({"live", "ended"})


def check(plan: Plan) -> tuple[int, dict[str, int]]:
    """Walk the road with no screen: film, read, redeem, receive. 0 only if all redeemed was received, and some was."""
    with running(plan) as kept:
        clerk = RobotClerk(plan.counter_url)
        try:
            clerk.sign_in(kept.clerk_id, kept.pin)
            redeemed = _work(clerk, until_ended=plan.camera is not None)
            _until_sent(clerk)
            health = clerk.health()
        finally:
            clerk.close()
        received = len(_received(plan, kept))
    counted = {"frames": health["frames"], "read": health["read"], "redeemed": redeemed, "received": received}
    return (0 if redeemed == received and redeemed > 0 else 1), counted


def _work(clerk: RobotClerk, *, until_ended: bool) -> int:
    """Redeem every accept until the camera has played all (or for a while, where it plays a loop)."""
    redeemed, started_s, idle_since_s = 0, time.monotonic(), time.monotonic()
    filmed_s = started_s
    while True:
        now_s = time.monotonic()
        if clerk.look().state == "accept":
            redeemed += clerk.redeem().state == "redeemed"
            idle_since_s = now_s
            _say(f"{redeemed} redeemed")
            continue
        if clerk.page.state in LOOKED_AT:
            clerk.next()  # a robot has no eyes to compare a screen with
            _say("A check-in screen was left to people")
            continue
        health = clerk.health()
        if health["camera"] in FILMING:
            filmed_s = now_s
        elif now_s - filmed_s > CAMERA_WITHIN_S:
            _say(f"The camera shows nothing: {health['camera_words']} [{health['camera']}]")
            return redeemed
        played = health["camera"] == "ended" and now_s - idle_since_s > IDLE_MEANS_DONE_S
        seen_enough = now_s - started_s > SCENE_CHECK_S or redeemed >= SCENE_ACCEPTS
        if played if until_ended else seen_enough:
            return redeemed
        time.sleep(0.02)


def _until_sent(clerk: RobotClerk) -> None:
    until_s = time.monotonic() + START_WITHIN_S
    while clerk.health()["waiting"] and time.monotonic() < until_s:
        time.sleep(0.1)


def _received(plan: Plan, kept: Kept) -> set[tuple[str, int]]:
    """Head office's log, read page by page as a machine would; a row that came twice is an error."""
    found: set[tuple[str, int]] = set()
    after: Any = 0
    while True:
        answer = httpx.get(
            f"{plan.head_office_url}/api/v1/redemptions.ndjson",
            params={"after": after, "limit": 200},
            headers={"Authorization": f"Bearer {kept.token}"},
            timeout=20.0,
        ).raise_for_status()
        rows = [json.loads(line) for line in answer.text.splitlines()]
        if not rows:
            return found
        for row in rows:
            name = (row["feed"], row["n"])
            if name in found:
                raise CounterfoilError("received-twice", f"Head office's log holds entry {name} twice")
            found.add(name)
        after = rows[-1]["cursor"]


def _say(words: str) -> None:
    print(words, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
