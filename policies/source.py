"""YAML of policy files: plain data and the place of every key, with hostile constructs refused.

Built from the parser's events, without recursion over what a stranger wrote beyond a fixed depth, so that
no file can exhaust time or memory: aliases (the means of YAML bombs) and tags are faults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.reader import Reader
from yaml.resolver import Resolver

from policies.faults import Fault, Where, dotted

_DEPTH = 20  # the schema is four levels deep
_TAGS = "tag:yaml.org,2002:"
_CONSTRUCTED = {f"{_TAGS}{kind}" for kind in ("bool", "int", "float", "null")}
# Dates and merge keys have no meaning in a policy: they are read as the text they are written in.
_PLAIN = {None, "!", *(f"{_TAGS}{kind}" for kind in ("str", "timestamp", "merge", "value", "seq", "map"))}
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where PyYAML was built with it
_OMITTED = object()


@dataclass(frozen=True)
class Source:
    """A file's data without the entries that had a fault, and where each key stands (from 1)."""

    data: Any
    spots: Mapping[Where, tuple[int, int]]
    omitted: tuple[Where, ...]

    def spot(self, where: Where) -> tuple[int, int]:
        """Return line and column of a key, or of the nearest key around it that is written."""
        while where and where not in self.spots:
            where = where[:-1]
        return self.spots.get(where, (1, 1))


def read_source(text: str, path: Path) -> tuple[Source | None, tuple[Fault, ...]]:
    """Read one YAML document; the source is None when its syntax does not let it be read at all."""
    if (unprintable := Reader.NON_PRINTABLE.search(text)) is not None:
        before = text[: unprintable.start()]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        return None, (Fault(path, line, column, "", f"holds the control character {unprintable[0]!r}"),)
    building = _Building(path)
    try:
        data = building.document(yaml.parse(text, Loader=_PARSER))
    except _TooDeepError:
        return None, tuple(building.faults)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # an error at the end of the file is reported beyond its last line
        line, column = (
            (min(mark.line + 1, text.rstrip().count("\n") + 1), mark.column + 1) if mark else (1, 1)
        )
        found = ", ".join(part for part in (error.problem, error.context) if part)
        return None, (*building.faults, Fault(path, line, column, "", f"not YAML: {found}"))
    if data is _OMITTED or not isinstance(data, dict):
        if not building.faults:
            what = "is empty" if data is _OMITTED else "must hold keys and values, such as `version: 1`"
            building.fault((), what)
        return None, tuple(building.faults)
    return Source(data, building.spots, tuple(building.omitted)), tuple(building.faults)


class _TooDeepError(Exception):
    """Reading was given up; the fault is recorded."""


class _Building:
    """Builds plain data from parse events, noting places and faults on the way."""

    def __init__(self, path: Path) -> None:
        self.spots: dict[Where, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self.omitted: list[Where] = []
        self._path = path
        self._resolver: Any = Resolver()
        self._constructor = SafeConstructor()

    def fault(self, where: Where, message: str, event: yaml.Event | None = None) -> None:
        line, column = _place(event) if event else (1, 1)
        self.faults.append(Fault(self._path, line, column, dotted(where), message))

    def _omit(self, where: Where, message: str, event: yaml.Event) -> Any:
        self.fault(where, message, event)
        self.omitted.append(where)
        return _OMITTED

    def document(self, events: Iterator[yaml.Event]) -> Any:
        data: Any = _OMITTED
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fault((), "a second document begins here; write one file per model", event)
                    break
            elif isinstance(event, yaml.NodeEvent):
                empty = isinstance(event, yaml.ScalarEvent) and event.value == "" and event.implicit[0]
                data = _OMITTED if empty else self._value(event, events, ())
        return data

    def _value(self, event: Any, events: Iterator[yaml.Event], where: Where) -> Any:
        if len(where) > _DEPTH:
            self.fault(where[:3], f"nested more than {_DEPTH} levels deep", event)
            raise _TooDeepError
        if isinstance(event, yaml.AliasEvent):
            return self._omit(where, f"the alias *{event.anchor} is not allowed; write the value out", event)
        if event.anchor is not None:
            self.fault(where, f"the anchor &{event.anchor} is not allowed; write the value out", event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, where)
        if event.tag not in _PLAIN:
            self.fault(where, f"the tag {event.tag} is not allowed", event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, where)
        return self._mapping(events, where)

    def _sequence(self, events: Iterator[yaml.Event], where: Where) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            place = (*where, len(items))
            self.spots[place] = _place(event)
            item = self._value(event, events, place)
            # a gap keeps the numbering of the items that follow
            items.append(None if item is _OMITTED else item)
        return items

    def _mapping(self, events: Iterator[yaml.Event], where: Where) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.fault(where, "a key must be a single word", event)
                _skip(event, events)
                _skip(next(events), events)
                continue
            place = (*where, event.value)
            if event.value in lines:
                self.fault(place, f"written twice; the first is on line {lines[event.value]}", event)
                _skip(next(events), events)
                continue
            self.spots[place] = _place(event)
            lines[event.value] = self.spots[place][0]
            value = self._value(next(events), events, place)
            if value is not _OMITTED:
                mapping[event.value] = value
        return mapping

    def _scalar(self, event: yaml.ScalarEvent, where: Where) -> Any:
        tag = event.tag or self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _PLAIN:
            return event.value
        if tag not in _CONSTRUCTED:
            return self._omit(where, f"the tag {tag} is not allowed", event)
        if tag == f"{_TAGS}null":
            return self._omit(where, "has no value; write one, or leave the key out", event)
        try:
            return self._constructor.construct_object(yaml.ScalarNode(tag, event.value))
        except (ValueError, LookupError) as error:
            return self._omit(where, f"cannot be read: {error}", event)


def _place(event: yaml.Event) -> tuple[int, int]:
    return _mark_place(event.start_mark)


def _mark_place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _skip(event: yaml.Event, events: Iterator[yaml.Event]) -> None:
    """Consume the rest of the node that begins with `event`."""
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        event = next(events)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
