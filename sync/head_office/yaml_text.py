"""YAML (and so JSON) read into plain values that remember where each stood.

Rules of this module:

- Text is UTF-8 of 2 MiB at most, one document; maps have text keys, each once. No tags, no merge keys.
- Plain words mean what YAML 1.2 says: true, false, null, whole numbers and decimals; all else is text, so
  ``no``, ``on``, ``0123`` and ``2026-11-01`` stay as they are written.
- Anchors and aliases are read, but what they expand to is counted: more than 200,000 values, or more than
  32 levels, are refused before anything is built from them ("billion laughs").
- Each fault in the structure is a :class:`Problem`; reading goes on behind it where it can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from sync.head_office.problems import FileKind, Problem, path_of, shown

MAX_BYTES = 2 * 1024 * 1024
MAX_VALUES = 200_000
MAX_DEPTH = 32

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "True": True, "False": False, "null": None, "~": None, "": None, "Null": None}
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """One value and where it stands (from 1). ``value`` is a dict of nodes, a list of nodes, or a scalar."""

    value: Any
    line: int
    column: int
    size: int = 1
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)  # where each key of a map stands

    def plain(self) -> Any:
        """The value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def place(self, at: Sequence[str | int]) -> tuple[int, int]:
        """Where the value at a path stands, or the nearest thing around it that exists."""
        node, place = self, (self.line, self.column)
        for step in at:
            child = node.child(step)
            if child is None:
                return node.keys.get(str(step), place)
            node, place = child, (child.line, child.column)
        return place

    def key_place(self, at: Sequence[str | int]) -> tuple[int, int]:
        """Where the key at the end of a path stands."""
        parent = self
        for step in at[:-1]:
            child = parent.child(step)
            if child is None:
                return self.place(at)
            parent = child
        return parent.keys.get(str(at[-1]), self.place(at)) if at else self.place(at)

    def child(self, step: str | int) -> Node | None:
        """The value under a key or index."""
        if isinstance(self.value, dict):
            found: Node | None = self.value.get(step)
            return found
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            item: Node = self.value[step]
            return item
        return None


class _Stop(Exception):  # noqa: N818 (leaves the reader, never this module)
    """Nothing behind this can be read."""


def read_yaml(text: str, file: FileKind) -> tuple[Node | None, list[Problem]]:
    """The document in ``text`` and what is wrong with its structure; no node where nothing can be read."""
    reader = _Reader(file)
    try:
        if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
            reader.stop(0, 0, f"The text is larger than {MAX_BYTES // 1024 // 1024} MiB.", _TOO_LARGE)
        node = reader.document(_as_yaml(text))
    except _Stop:
        node = None
    return node, reader.problems


_TOO_LARGE = "Import long lists of codes from a file of their own."
_TOO_MUCH = "Write it out without aliases, and import long lists of codes from a file of their own."


def _as_yaml(text: str) -> str:
    """JSON made fit for a YAML reader: its surrogate pairs made one character, its tabs spaces."""
    text = text.removeprefix("\ufeff")
    if not text.lstrip().startswith(("{", "[")):
        return text
    text = _SURROGATES.sub(lambda pair: _joined(pair.group(1), pair.group(2)), text)
    return re.sub(r"(?m)^[ \t]+", lambda white: " " * len(white.group()), text)


def _joined(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))


class _Reader:
    """Builds nodes out of YAML events; no recursion, so depth is a count and not a stack."""

    def __init__(self, file: FileKind) -> None:
        self.file: FileKind = file
        self.problems: list[Problem] = []
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[Node, str | None]] = []  # what is being filled, and its anchor
        self._key: list[tuple[str, tuple[int, int]] | None] = []  # the key that waits for its value, by level
        self._root: Node | None = None

    def stop(self, line: int, column: int, message: str, cure: str = "") -> None:
        self.problems.append(Problem(self.file, line, column, self._path(), message, cure))
        raise _Stop

    def document(self, text: str) -> Node:
        try:
            for event in self._events(text):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            self.stop(line, column, *_syntax(error))
        except yaml.reader.ReaderError as error:
            line, column = _position(text, error.position)
            self.stop(line, column, "A control character stands here that no text may hold.", "Delete it.")
        if self._root is None:
            self.stop(0, 0, "The file is empty.", "Start from the example in the documentation.")
        assert self._root is not None
        return self._root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        documents = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.stop(_where(event)[0], 1, "A second document begins here.", "Delete the line of hyphens.")
            yield event

    def _take(self, event: yaml.Event) -> None:
        line, column = _where(event)
        if isinstance(event, yaml.ScalarEvent):
            self._check_tag(event, line, column)
            if self._wants_key():
                self._take_key(event, line, column)
            else:
                self._add(Node(_scalar(event), line, column), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(str(event.anchor), line, column)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check_tag(event, line, column)
            self._descend(Node({} if isinstance(event, yaml.MappingStartEvent) else [], line, column), event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._ascend()

    def _check_tag(self, event: Any, line: int, column: int) -> None:
        # a tag asks for an object of the sender's choice
        if event.tag is not None and event.tag not in {"!", "tag:yaml.org,2002:str"}:
            self.stop(line, column, f"The tag {shown(event.tag)} is not read here.", "Delete it.")

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0].value, dict) and self._key[-1] is None

    def _take_key(self, event: yaml.ScalarEvent, line: int, column: int) -> None:
        parent, key = self._open[-1][0], str(event.value)
        if key == "<<":
            self.stop(line, column, "Merge keys (<<) are not read here.", "Write the fields out.")
        if key in parent.keys:
            first = parent.keys[key][0]
            self._say(line, column, f"The key {shown(key)!r} stands here for the second time.",
                      f"The first is in line {first}; keep one of the two.", key)  # fmt: skip
        else:
            parent.keys[key] = (line, column)
        self._key[-1] = (key, (line, column))

    def _descend(self, node: Node, anchor: str | None) -> None:
        if self._wants_key():
            self.stop(node.line, node.column, "A list or map cannot be a key.", "Put texts with { or [ in quotes.")
        if len(self._open) >= MAX_DEPTH:
            self.stop(node.line, node.column, f"More than {MAX_DEPTH} levels inside each other.", _TOO_MUCH)
        self._open.append((node, anchor))
        self._key.append(None)

    def _ascend(self) -> None:
        node, anchor = self._open.pop()
        self._key.pop()
        self._add(node, anchor)

    def _add_alias(self, name: str, line: int, column: int) -> None:
        target = self._anchors.get(name)
        if target is None or self._wants_key():
            self.stop(
                line, column, f"*{shown(name)} stands for nothing here.", "Put texts that begin with * in quotes."
            )
        assert target is not None
        self._add(Node(target.value, line, column, target.size, target.keys), None)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1][0]
        parent.size += node.size
        if sum(one.size for one, _ in self._open) > MAX_VALUES:
            self.stop(node.line, node.column, f"More than {MAX_VALUES:,} values.", _TOO_MUCH)
        if isinstance(parent.value, list):
            parent.value.append(node)
            return
        waiting = self._key[-1]
        assert waiting is not None
        parent.value.setdefault(waiting[0], node)
        self._key[-1] = None

    def _say(self, line: int, column: int, message: str, cure: str, key: str) -> None:
        self.problems.append(Problem(self.file, line, column, path_of([*self._steps(), key]), message, cure))

    def _steps(self) -> list[str | int]:
        steps: list[str | int] = []
        for (node, _), waiting in zip(self._open, self._key, strict=True):
            if isinstance(node.value, list):
                steps.append(len(node.value))
            elif waiting is not None:
                steps.append(waiting[0])
        return steps

    def _path(self) -> str:
        return path_of(self._steps())


def _where(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if event.style or event.tag:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= 18 and _WHOLE.fullmatch(text):
        return int(text)
    if len(text) <= 40 and _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _position(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


_SYNTAX = (
    ("mapping values are not allowed", "A colon stands where none can be.",
     "Put the text in quotes, or check that the line above is complete and the indentation is even."),
    ("cannot start any token", "A character stands here that cannot begin a text.",
     "Indent with spaces, not tabs; put texts that begin with @, ` or % in quotes."),
    ("could not find expected ':'", "A key without a colon.", "Write it as key: value."),
    ("did not find expected key", "The indentation does not fit the lines around it.",
     "Give fields of one thing the same indentation; put texts with quotes in them in quotes."),
    ("did not find expected '-' indicator", "The indentation does not fit the list around it.",
     "Give every item of a list the same indentation."),
    ("did not find expected ',' or '", "A list in brackets, or a map in braces, is not closed.",
     "Add the comma or the closing bracket that is missing."),
    ("unexpected end of stream", "A text in quotes is not closed.", "Add the quote that is missing."),
    ("found undefined alias", "A name after * that stands for nothing.", "Put texts that begin with * in quotes."),
)  # fmt: skip


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    said = str(error.problem or error.context or "")
    for part, message, cure in _SYNTAX:
        if part in said:
            return message, cure
    return f"This is no YAML: {said or 'it cannot be read'}.", "Check quotes, colons and indentation on this line."
