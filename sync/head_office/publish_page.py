"""The page that publishes: a text with its problems beside it, then what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Response, abort, request, url_for

from sync.head_office import cosigning
from sync.head_office.changes import Change
from sync.head_office.freshness import living
from sync.head_office.history import changes_of
from sync.head_office.instants import instant
from sync.head_office.names import Names
from sync.head_office.note_groups import NoteGroup, note_groups
from sync.head_office.problems import Note, Problem, RefusedPublication
from sync.head_office.publish import Published, check, publish
from sync.head_office.records import SourceKind
from sync.head_office.respond import respond, send_to
from sync.head_office.sample_files import Samples, base_name, sent_samples
from sync.head_office.seat import me, names, now_ms, office, published

PAGE = "head_office/publish.html"
EXCERPT_CHARACTERS = 40
MAX_PICTURES = 40
MAX_PICTURE_BYTES = 8 * 1024 * 1024
_KINDS: dict[str, SourceKind] = {"promotions": "promotions", "organisation": "organisation"}
_FILES = {"promotions": "promotions.yaml", "organisation": "organisation.yaml", "codes": "an imported list of codes"}


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem beside the text. ``line`` 0: it has no place in this text. ``caret`` stands under ``excerpt``."""

    line: int
    column: int
    path: str
    message: str
    cure: str
    elsewhere: str
    excerpt: str
    caret: str


def publish_form(kind: str) -> Response:
    """``GET /publish/<kind>``: the text in force, to be changed."""
    wanted = _kind(kind)
    state = published()
    return form_with(wanted, state.promotions_text if wanted == "promotions" else state.organisation_text, ())


def send(kind: str) -> Response:
    """``POST /publish/<kind>``: publish the text or the file, or with ``only=check`` tell what that would come to.

    422 with every problem and the text as it was.
    """
    wanted = _kind(kind)
    text, problem = sent_text(wanted)
    if problem:
        return form_with(wanted, text, (problem,))
    pictures, problem = _sent_pictures()
    if problem:
        return form_with(wanted, text, (problem,))
    only_checked = request.form.get("only") == "check"
    try:
        done = (_check if only_checked else _publish)(wanted, text, sent_samples(pictures))
    except RefusedPublication as refused:
        return form_with(wanted, text, refused.problems)
    if only_checked:
        return form_with(wanted, text, (), done)
    if done.waits:
        return send_to(url_for("pages.publish", kind=wanted))
    return send_to(url_for("pages.published_version", kind=wanted, version=done.version))


def _publish(kind: SourceKind, text: str, samples: Samples) -> Published:
    if kind == "promotions":
        return publish(office(), promotions=text, samples=samples, by=me().name)
    return publish(office(), organisation=text, by=me().name)


def _check(kind: SourceKind, text: str, samples: Samples) -> Published:
    if kind == "promotions":
        return check(office(), promotions=text, samples=samples)
    return check(office(), organisation=text)


def published_version(kind: str, version: int) -> Response:
    """``GET /published/<kind>/<version>``: what that publication changed."""
    found = changes_of(office(), _kind(kind), version)
    if found is None:
        abort(404)
    text, changes = found
    now, known = now_ms(), names()
    newest = office().store.latest_source(_kind(kind))
    return respond(
        "head_office/published.html",
        kind=kind,
        version=version,
        newest=newest is not None and newest.version == version,
        at=instant(text.at_ms, now, known.zone),
        by=text.by,
        changes=[_change_words(change, known) for change in changes],
        notes=note_groups(_standing_notes(), known.promotions),
        counters=len(living(office().store.enrolments())),
    )


def _standing_notes() -> tuple[Note, ...]:
    """The notes on what is in force; or what is wrong with it, where an earlier release let it pass."""
    try:
        return check(office()).notes
    except RefusedPublication as refused:
        return tuple(Note(f"{one.message} {one.cure}", "", one.line, one.column) for one in refused.problems)


def _kind(kind: str) -> SourceKind:
    if kind not in _KINDS:
        abort(404)
    return _KINDS[kind]


def sent_text(kind: SourceKind) -> tuple[str, Problem | None]:
    """The text that was sent, as typed or out of a chosen file, with its line ends made plain."""
    file = request.files.get("file")
    text = request.form.get("text", "")
    if file is not None and file.filename:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            return text, Problem(
                kind, 0, 0, "", f"{file.filename} is not UTF-8 text.", "Save it as UTF-8 and choose it again."
            )
    return text.replace("\r\n", "\n").replace("\r", "\n"), None


def _sent_pictures() -> tuple[dict[str, bytes], Problem | None]:
    """The sample pictures sent beside the text, by file name; or why they are not taken."""
    files = [file for file in request.files.getlist("samples") if file.filename]
    if len(files) > MAX_PICTURES:
        what = f"{len(files)} sample pictures were sent at once."
        return {}, _not_taken(what, f"Send {MAX_PICTURES} at most; those published before need not be sent again.")
    pictures: dict[str, bytes] = {}
    for file in files:
        name = base_name(file.filename or "")
        content = file.read(MAX_PICTURE_BYTES + 1)
        if len(content) > MAX_PICTURE_BYTES:
            cure = f"Save it smaller: {MAX_PICTURE_BYTES // 2**20} MB are enough for any screen."
            return {}, _not_taken(f"The picture {name[:80]!r} is too large.", cure)
        if pictures.setdefault(name, content) != content:
            return {}, _not_taken(f"Two different pictures are named {name[:80]!r}.", "Give each its own name.")
    return pictures, None


def _not_taken(what: str, cure: str) -> Problem:
    return Problem("promotions", 0, 0, "", what, cure)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a text would come to as ``version``, were it published."""

    version: int
    changes: list[tuple[str, str, str]]
    notes: tuple[NoteGroup, ...]
    worst_cases: list[tuple[str, str]]


def form_with(kind: SourceKind, text: str, problems: tuple[Problem, ...], done: Published | None = None) -> Response:
    """The page with ``text`` and what is wrong with it (then 422), or what it would come to."""
    rows = [_problem_row(problem, kind, text) for problem in problems]
    newest = office().store.latest_source(kind)
    return respond(
        PAGE,
        status=422 if problems else 200,
        kind=kind,
        text=text,
        line_count=text.count("\n") + 1,
        marked={row.line for row in rows},
        problems=rows,
        checked=_checked(done) if done is not None else None,
        waits=held.bundle.version if (held := cosigning.waiting(office().store)) else None,
        in_force=newest,
        in_force_at=instant(newest.at_ms, now_ms(), names().zone) if newest else None,
        counters=len(living(office().store.enrolments())),
    )


def _checked(done: Published) -> Checked:
    known = names()
    known = replace(known, promotions={**known.promotions, **done.titles})
    changes = [_change_words(change, known) for change in done.changes]
    worst = [(known.promotion(id_), words) for id_, words in done.worst_cases.items()]
    return Checked(done.version, changes, note_groups(done.notes, known.promotions), worst)


def _problem_row(problem: Problem, kind: SourceKind, text: str) -> ProblemRow:
    here = problem.file == kind and problem.line > 0
    excerpt, caret = _excerpt(text, problem.line, problem.column) if here else ("", "")
    return ProblemRow(
        line=problem.line if here else 0,
        column=problem.column,
        path=problem.path,
        message=problem.message,
        cure=problem.cure,
        elsewhere="" if problem.file == kind else _FILES[problem.file],
        excerpt=excerpt,
        caret=caret,
    )


def _excerpt(text: str, line: int, column: int) -> tuple[str, str]:
    """The stretch of a line around a column (both from 1), and a caret to stand under it."""
    lines = text.split("\n")
    if line > len(lines):
        return "", ""
    whole = lines[line - 1].replace("\t", " ")
    start = min(len(whole) - len(whole.lstrip(" ")), column - 1)
    if column - start > EXCERPT_CHARACTERS * 3 // 4:
        start = column - 1 - EXCERPT_CHARACTERS // 2
    cut = whole[start : start + EXCERPT_CHARACTERS]
    return cut, " " * (column - 1 - start) + "^"


def _change_words(change: Change, known: Names) -> tuple[str, str, str]:
    """What was done, to what, and which fields: ("changed", "Free shrimp tacos", "valid.until")."""
    if change.what in {"promotion", "codes"}:
        name = known.promotion(change.id)
    elif change.what == "store":
        name = known.store(change.id)
    else:
        name = known.clerk(change.id)
    return change.kind, f"codes of {name}" if change.what == "codes" else name, change.words
