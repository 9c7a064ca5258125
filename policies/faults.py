"""Faults of policy files, said in plain sentences with their place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel

Where: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault of one file.

    `line` and `column` count from 1. `where` is the dotted key, empty for the file as a whole. `hint` is
    the nearest valid key or value. `model` is the model that the file speaks of, where that is known.
    """

    path: Path
    line: int
    column: int
    where: str
    message: str
    hint: str | None = None
    model: str | None = None

    def __str__(self) -> str:
        key = f" {self.where}:" if self.where else ""
        hint = f", did you mean {self.hint}?" if self.hint else ""
        return f"{self.path}:{self.line}:{key} {self.message}{hint}"


@dataclass(frozen=True)
class Problem:
    """A fault before its place in a file is looked up."""

    where: Where
    message: str
    hint: str | None = None


def dotted(where: Where) -> str:
    """Write a place as people do: `objectives.drift.ignore[2]`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def overlaps(one: Where, other: Where) -> bool:
    """Say whether one place is the other or lies inside it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def nearest(word: object, choices: Iterable[str]) -> str | None:
    """Return the choice that is spelled most like `word`, or None when none is alike."""
    return next(iter(get_close_matches(str(word), list(choices), n=1, cutoff=0.6)), None)


def problems(errors: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> tuple[Problem, ...]:
    """Rewrite the errors of a pydantic ValidationError into plain sentences.

    `errors` is what `ValidationError.errors()` returns, `model` the class that was validated.
    """
    return tuple(_problem(error, model) for error in errors)


def _problem(error: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    where: Where = error["loc"]
    if error["type"] == "extra_forbidden":
        keys = keys_at(model, where[:-1])
        hint = nearest(where[-1], keys)
        return Problem(where, "unknown key" if hint else f"unknown key; known are {_listed(keys)}", hint)
    if error["type"] in ("literal_error", "enum", "unknown_metric"):
        choices = _choices(error)
        return Problem(
            where,
            f"{_shown(error['input'])} is not allowed; write {_listed(choices, 'or')}",
            nearest(error["input"], choices),
        )
    sentence = _SENTENCES.get(error["type"])
    return Problem(where, sentence(error) if sentence else str(error["msg"]))


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "yes or no (true/false)"
    return f"{value!r:.80}"


def _listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _choices(error: Mapping[str, Any]) -> tuple[str, ...]:
    # pydantic spells them "'a', 'b' or 'c'"; none of ours holds a quote, a comma or a space
    expected = str(error["ctx"]["expected"]).replace(" or ", ", ")
    return tuple(word.strip("'") for word in expected.split(", "))


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is required, but missing",
    "value_error": lambda e: str(e["ctx"]["error"]),
    "string_type": lambda e: f"must be text, not {_shown(e['input'])}",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda e: f"must not be longer than {e['ctx']['max_length']} characters",
    "int_type": lambda e: f"must be a whole number, not {_shown(e['input'])}",
    "float_type": lambda e: f"must be a number, not {_shown(e['input'])}",
    "finite_number": lambda e: f"must be a finite number, not {_shown(e['input'])}",
    "greater_than": lambda e: f"must be more than {e['ctx']['gt']:g}, not {_shown(e['input'])}",
    "greater_than_equal": lambda e: f"must be at least {e['ctx']['ge']}, not {_shown(e['input'])}",
    "less_than_equal": lambda e: f"must be at most {e['ctx']['le']}, not {_shown(e['input'])}",
    "tuple_type": lambda e: f"must be a list such as [a, b], not {_shown(e['input'])}",
    "model_type": lambda e: f"must hold keys of its own, not {_shown(e['input'])}",
}


def keys_at(model: type[BaseModel], where: Where) -> tuple[str, ...]:
    """Return the keys that `model` knows at a place inside it; empty where it knows no keys."""
    current: type[BaseModel] | None = model
    for part in where:
        if isinstance(part, int):  # an item of a list, whose model is that of its items
            continue
        field = current.model_fields.get(str(part)) if current else None
        current = _model_in(field.annotation) if field else None
    return tuple(current.model_fields) if current else ()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
