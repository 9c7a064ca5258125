"""Policy files under one or more roots: every policy that holds, and every fault of those that do not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from policies.contradictions import contradictions
from policies.faults import Fault, Problem, Where, dotted, overlaps, problems
from policies.files import policy_files, read_text, team_folders
from policies.policy import Policy
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.source import Source, read_source
from policies.written_types import Written
from profiles.errors import PolicyInvalid

_STAND_INS: Mapping[str, Any] = {
    "version": 1,
    "model": "team.model",
    "task": "regression",
    "traffic": {"path": "a.csv", "timestamp": "a", "prediction": "b"},
    "labels": {"path": "a.csv", "label": "a"},
}
_METRIC = ("objectives", "performance", "metric")
_File = TypeVar("_File", bound=Written)


@dataclass(frozen=True)
class LoadedPolicy:
    """A resolved policy, the file it was written in, and that file's text."""

    policy: Policy
    path: Path
    source: str


@dataclass(frozen=True)
class Fleet:
    """All policies that hold, by model name, and all faults, by place.

    A model with a fault has no policy here; the policies of its neighbours are not touched by it.
    """

    policies: tuple[LoadedPolicy, ...]
    faults: tuple[Fault, ...]

    def raise_for_faults(self) -> None:
        """Raise PolicyInvalid with every fault on a line of its own, when there is any."""
        if self.faults:
            raise PolicyInvalid("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class _Draft:
    """A model's file: the model it names (when it may), where, and the policy or the faults it gave."""

    path: Path
    model: str | None
    line: int
    loaded: LoadedPolicy | None
    faults: tuple[Fault, ...]


def load_policies(roots: Sequence[Path]) -> Fleet:
    """Read `<root>/<team>/team.yaml` and the model files beside it, of every root; raises nothing.

    A file that cannot be read, does not fit the schema, contradicts itself, names another team's model or
    a model that another file names is a fault, and so are roots that lie in each other.
    """
    faults = list(_overlapping(roots))
    refused = {fault.path for fault in faults}
    drafts: list[_Draft] = []
    for root in roots:
        if root in refused:
            continue
        folders, wrong = team_folders(root)
        faults += wrong
        for folder in folders:
            models, wrong = _load_team(folder, root)
            drafts += models
            faults += wrong
    twice = list(_written_twice(drafts))
    faults += [*twice, *(fault for draft in drafts for fault in draft.faults)]
    unclear = {fault.path for fault in twice}
    policies = (draft.loaded for draft in drafts if draft.loaded is not None and draft.path not in unclear)
    return Fleet(
        policies=tuple(sorted(policies, key=lambda loaded: loaded.policy.model)),
        faults=tuple(sorted(faults, key=lambda f: (str(f.path), f.line, f.column, f.where))),
    )


def _overlapping(roots: Sequence[Path]) -> Iterator[Fault]:
    for one, other in combinations(roots, 2):
        here, there = one.resolve(), other.resolve()
        if here.is_relative_to(there) or there.is_relative_to(here):
            yield Fault(one, 1, 1, "", f"this root overlaps the root {other}; name each folder once")
            yield Fault(other, 1, 1, "", f"this root overlaps the root {one}; name each folder once")


def _load_team(folder: Path, root: Path) -> tuple[list[_Draft], list[Fault]]:
    team_paths, model_paths, faults = policy_files(folder, root)
    team: TeamFile | None = TeamFile.model_construct(team=folder.name)
    for path in team_paths:
        team, wrong = _load_team_file(path, root)
        faults += wrong
    if len(team_paths) > 1:
        team = None
        faults += [Fault(path, 1, 1, "", "a team has one team.yaml, and here are two") for path in team_paths]
    return [_load_model(path, root, team, folder.name) for path in model_paths], faults


def _load_team_file(path: Path, root: Path) -> tuple[TeamFile | None, list[Fault]]:
    text, source, faults = _read(path, root)
    if text is None or source is None:
        return None, faults
    file, wrong = _validated(TeamFile, source)
    if (written := source.data.get("team")) is not None and written != path.parent.name:
        wrong.append(Problem(("team",), f"{written!r} is not the name of this folder, {path.parent.name!r}"))
    faults += _placed(wrong, source, path)
    return (None if faults else file), faults


def _load_model(path: Path, root: Path, team: TeamFile | None, folder: str) -> _Draft:
    text, source, faults = _read(path, root)
    if text is None or source is None:
        return _Draft(path, None, 1, None, tuple(faults))
    file, wrong = _validated(PolicyFile, source)
    model, line = source.data.get("model"), source.spot(("model",))[0]
    if not isinstance(model, str) or model.split(".")[0] != folder:
        if isinstance(model, str) and "." in model:
            wrong.append(Problem(("model",), f"{model!r} belongs to another team; this folder is {folder!r}"))
        model = None
    if file is not None and team is not None:
        known = [*(problem.where for problem in wrong), *source.omitted]
        if ("task",) in known:  # which metrics fit depends on it
            known.append(_METRIC)
        wrong += (p for p in contradictions(file, team) if not any(overlaps(p.where, w) for w in known))
    if team is None:
        wrong.append(Problem((), "not loaded, because the team's own team.yaml has faults"))
    faults += _placed(wrong, source, path)
    if faults or file is None or team is None:
        return _Draft(path, model, line, None, tuple(replace(fault, model=model) for fault in faults))
    return _Draft(path, model, line, LoadedPolicy(resolve(file, team), path, text), ())


def _read(path: Path, root: Path) -> tuple[str | None, Source | None, list[Fault]]:
    text = read_text(path, root)
    if isinstance(text, Fault):
        return None, None, [text]
    source, faults = read_source(text, path)
    return text, source, list(faults)


def _validated(kind: type[_File], source: Source) -> tuple[_File | None, list[Problem]]:
    """Validate the data; where a value is wrong, go on without it, so that all faults are found at once."""
    try:
        return kind.model_validate(source.data), []
    except ValidationError as error:
        wrong = [
            problem
            for problem in problems(error.errors(include_url=False), kind)
            if not any(overlaps(problem.where, where) for where in source.omitted)
        ]
        places = [found["loc"] for found in error.errors(include_url=False)]
    try:
        return kind.model_validate(_without(source.data, places)), wrong
    except ValidationError:
        return _with_stand_ins(kind, source.data, places), wrong


def _with_stand_ins(kind: type[_File], data: Mapping[str, Any], places: Sequence[Where]) -> _File | None:
    """Put something right where a required part is wrong, so that the other parts can still be checked."""
    broken = {place[0] for place in places if place}
    whole = _without(data, places) | {key: part for key, part in _STAND_INS.items() if key in broken}
    try:
        return kind.model_validate(whole)
    except ValidationError:
        return None


def _without(data: Any, places: Iterable[Where]) -> Any:
    """Return mappings without the entries at `places`; a list with a wrong item goes as a whole."""
    if not isinstance(data, dict):
        return data
    below: dict[str | int, list[Where]] = defaultdict(list)
    for place in places:
        if place:
            below[place[0]].append(place[1:])
    return {
        key: _without(value, below[key])
        for key, value in data.items()
        if () not in below[key] and not (below[key] and not isinstance(value, dict))
    }


def _placed(wrong: Iterable[Problem], source: Source, path: Path) -> list[Fault]:
    return [
        Fault(path, *source.spot(problem.where), dotted(problem.where), problem.message, problem.hint)
        for problem in wrong
    ]


def _written_twice(drafts: Iterable[_Draft]) -> Iterator[Fault]:
    """Find models that several files name, whether or not those files hold."""
    naming: dict[str, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.model is not None:
            naming[draft.model].append(draft)
    for model, rivals in naming.items():
        for draft in rivals if len(rivals) > 1 else ():
            others = ", ".join(str(rival.path) for rival in rivals if rival is not draft)
            message = f"{model!r} is also the model of {others}"
            yield Fault(draft.path, draft.line, 1, "model", message, model=model)


def json_schema(kind: type[Written] = PolicyFile) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a policy file, or of `TeamFile`, for editors."""
    schema: dict[str, Any] = _without_null(kind.model_json_schema())
    name = "team.yaml" if kind is TeamFile else "policy file"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"Muster {name}"}


def _without_null(schema: Any) -> Any:
    """Drop null and the defaults that say it: an empty value in a file is a fault."""
    if isinstance(schema, list):
        return [_without_null(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, Mapping):
        return schema
    plain = {
        key: _without_null(value) for key, value in schema.items() if not (key == "default" and value is None)
    }
    if len(choices := plain.get("anyOf", ())) == 1:
        del plain["anyOf"]
        plain = {**choices[0], **plain}
    return plain
