"""A backtest's own world: its policy, its prediction log and labels, its ledger and its versions."""

import importlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.place import Place
from flows.world import World
from policies.load import LoadedPolicy
from policies.policy import Policy, Routes
from profiles.answers import Answers
from profiles.errors import MusterError
from profiles.recorded import Recorded
from profiles.window import Cadence
from registry.ledger import Ledger
from registry.model_registry import AttachedBaseline, ServedVersion
from registry.profile_store import ProfileStore

ARRIVED_AT = "arrived_at"
VERSION = "answered_by"
_PROBABILITY = "probability_of_"
_MARK = ".backtest"
_A_DAY = Cadence("1d").length


def own_policy(policy: Policy) -> Policy:
    """Return the policy that a replay is watched by: the team's, with who answers and when decided here.

    Muster decides and acts, the log and the labels are the replay's own, nobody outside is told, and nothing
    comes late. Objectives on what a replay does not have (value, latency, errors, weights) are left out, and
    so are freshness and volume: what a record lacks is nobody's outage, and no feed is there to be mended.
    Raises MusterError for a model that cannot be replayed.
    """
    if policy.labels is None or policy.performance is None:
        raise MusterError(
            f"{policy.model} cannot be replayed: its policy needs labels and a performance objective, whose "
            "metric the loop and its peers are compared by"
        )
    if policy.task == "ranking":
        raise MusterError(f"{policy.model} cannot be replayed: rankings are not refitted by Muster")
    by_day = policy.cadence.length <= _A_DAY
    return replace(
        policy,
        traffic=replace(
            policy.traffic,
            path="traffic/{date:%Y-%m-%d}.parquet" if by_day else "traffic/{date:%Y-%m}.parquet",
            format="parquet",
            query=None,
            connection=None,
            version=VERSION,
            version_is=None,
            weight=None,
            value=None,
            latency=None,
            status=None,
            ok=(),
            probability=None,
            probabilities={name: f"{_PROBABILITY}{name}" for name in policy.traffic.answers},
        ),
        labels=replace(
            policy.labels,
            path="labels/*.parquet",
            format="parquet",
            query=None,
            connection=None,
            arrived_at=ARRIVED_AT,
            value=None,
        ),
        authority="muster",
        automation="act",
        value=None,
        latency=None,
        errors=None,
        late_rows=None,
        freshness=None,
        volume=None,
        routes=Routes(),
    )


@dataclass(frozen=True)
class Log:
    """The prediction log and the labels of a replay, below `root`; a row is written when it was answered."""

    policy: Policy
    root: Path

    def write_labels(self, of: Recorded) -> None:
        """Write every outcome with the time of its arrival; readers see none before that."""
        labels = self.policy.labels
        assert labels is not None  # noqa: S101 - own_policy refuses others
        came = ~np.isnat(of.known_at)
        table = pa.table(
            {
                labels.request_id: of.ids,
                labels.label: of.truth,
                ARRIVED_AT: pa.array(of.known_at, pa.timestamp("us", "UTC")),
            }
        )
        _written(table.filter(pa.array(came)), self.root / "labels" / "all.parquet")

    def append(self, of: Recorded, rows: slice, answers: Answers, versions: Any) -> None:
        """Write rows with what they were answered and by whom, behind those of the same day or month."""
        layout = self.policy.traffic
        asked = of.rows.slice(rows.start, rows.stop - rows.start)
        table = asked.append_column(layout.prediction, pa.chunked_array([answers.prediction]))
        for name, column in layout.probabilities.items():
            table = table.append_column(column, pa.chunked_array([answers.probabilities[name]]))
        table = table.append_column(VERSION, pa.array(versions, pa.string()))
        unit = "D" if "%d" in str(layout.path) else "M"
        dates = of.times[rows].astype(f"datetime64[{unit}]")
        for date in np.unique(dates):
            path = self.root / "traffic" / f"{date}.parquet"
            here = table.filter(pa.array(dates == date))
            _written(pa.concat_tables([pq.read_table(path), here]) if path.exists() else here, path)


def _written(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(table, unfinished)
    unfinished.replace(path)


@dataclass
class Shelf:
    """The versions of a replay, in memory: `Versions` for who watches, and the estimators that answer."""

    name: str
    estimators: dict[str, Any] = field(default_factory=dict)
    _versions: dict[str, ServedVersion] = field(default_factory=dict)
    _attached: dict[str, tuple[AttachedBaseline, ...]] = field(default_factory=dict)
    _recipes: dict[str, str] = field(default_factory=dict)

    def put(
        self,
        estimator: Any,
        baselines: tuple[AttachedBaseline, ...],
        at: datetime,
        recipe: str,
        told: Mapping[str, str] = MappingProxyType({}),
    ) -> ServedVersion:
        """Register a fitted estimator as the next version, which `recipe` names and `told` tells of."""
        version = str(len(self._versions) + 1)
        self.estimators[version] = estimator
        self._attached[version] = baselines
        self._recipes[recipe] = version
        self._versions[version] = ServedVersion(self.name, version, None, "backtest", at, told=dict(told))
        return self._versions[version]

    def made_by(self, recipe: str) -> ServedVersion | None:
        """Return the version that was made by a recipe."""
        return self._versions.get(self._recipes.get(recipe, ""))

    def served(self, name: str, alias: str) -> ServedVersion | None:  # noqa: ARG002 - the first one serves first
        """Return the first version; who serves later is for the ledger to say."""
        return self._versions.get("1") if name == self.name else None

    def baselines(self, served: ServedVersion) -> tuple[AttachedBaseline, ...]:
        """Return the baselines attached to a version."""
        return self._attached[served.version]


def own_state(state: Path) -> Path:
    """Return an empty folder at `state`; MusterError when something else than an earlier replay is there."""
    if state.exists() and any(state.iterdir()):
        if not (state / _MARK).exists():
            raise MusterError(f"{state} holds something else than an earlier backtest; name another folder")
        shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)
    (state / _MARK).touch()
    return state


def own_world(state: Path, shelf: Shelf, begins: datetime) -> World:
    """Open the ledger and the stores of a replay."""
    return World(
        clock=lambda: begins,
        ledger=Ledger.open(f"sqlite:///{state / 'ledger.db'}"),
        profiles=ProfileStore(state / "profiles"),
        versions=shelf,
        root=state,
    )


def answered_by(shares: Mapping[str, Answers], by: Any) -> Answers:
    """Return for each row the answer of the version that `by` names."""
    one, *others = shares
    found = shares[one]

    def chosen(mine: Any, of: str, theirs: Any) -> Any:
        return pa.array(np.where(by == of, np.asarray(theirs), np.asarray(mine)))

    for other in others:
        told = shares[other]
        found = Answers(
            chosen(found.prediction, other, told.prediction),
            {name: chosen(c, other, told.probabilities[name]) for name, c in found.probabilities.items()},
        )
    return found


def joined(parts: Sequence[Answers]) -> Answers:
    """Return answers to rows one part after the other."""
    parts = [each for each in parts if len(each.prediction)]
    names = parts[0].probabilities
    return Answers(
        pa.concat_arrays([each.prediction for each in parts]),
        {name: pa.concat_arrays([each.probabilities[name] for each in parts]) for name in names},
    )


def estimator_of(entry: str) -> Any:
    """Return what a factory written as `module:function` makes; MusterError says what is wrong with it."""
    module, _, name = entry.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the folder that the command was typed in, where a team's modules lie
    try:
        made = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise MusterError(
            f"{entry} gives no estimator: {error}; name a function without parameters as module:function"
        ) from error
    if not (hasattr(made, "fit") and hasattr(made, "predict") and hasattr(made, "get_params")):
        raise MusterError(f"{entry} gives {type(made).__name__}, which is no scikit-learn estimator")
    return made


def read_from(loaded: LoadedPolicy, traffic: str | None, labels: str | None, root: Path) -> LoadedPolicy:
    """Return a policy that reads other files than it names."""
    policy = loaded.policy
    if traffic is not None:
        policy = replace(policy, traffic=_at(policy.traffic, traffic, root))
    if labels is not None and policy.labels is not None:
        policy = replace(policy, labels=_at(policy.labels, labels, root))
    return replace(loaded, policy=policy)


def _at(layout: Any, path: str, root: Path) -> Any:
    place = Place.of(path, root)
    return replace(layout, path=place.path, format=place.format, query=None, connection=None)
