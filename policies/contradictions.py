"""What is wrong with a policy although every key by itself is right."""

from collections.abc import Iterator

from policies.budgets_contradict import budgets
from policies.defaults import DRIFT, merged, performance_keys
from policies.faults import Problem, nearest
from policies.measures_contradict import measuring
from policies.remedies import remedies_contradict
from policies.schema import PolicyFile, TeamFile
from policies.sources_contradict import sources
from policies.written_objectives import DriftFile, PerformanceFile
from policies.written_target import target_contradicts
from profiles.metrics import METRICS

_ROLES = (
    *("timestamp", "prediction", "request_id", "version"),
    *("probability", "group", "weight", "value", "latency", "status"),
)
# What a row is worth may be one of its inputs, such as the amount of a payment.
_ALSO_FEATURES = ("prediction", "value")
_DRIFT = ("objectives", "drift")
_PERFORMANCE = ("objectives", "performance")
_LIMITS = (
    ("minor", "significant"),
    ("minor_share", "significant_share"),
    ("minor_shift", "significant_shift"),
    ("minor_new_words", "significant_new_words"),
    ("minor_mmd", "significant_mmd"),
)


def contradictions(file: PolicyFile, team: TeamFile) -> tuple[Problem, ...]:
    """Return every contradiction of a model's file with itself or with its team's defaults."""
    return (
        *_watching(file, team),
        *sources(file),
        *_columns(file),
        *_drift(file, team),
        *_performance(file, team),
        *measuring(file, team),
        *budgets(file, team),
        *remedies_contradict(file, team),
        *target_contradicts(file.target, team.defaults.target, file.traffic.version),
    )


def _watching(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    if file.cadence is None and team.defaults.cadence is None:
        yield Problem(("cadence",), "is required here or in the team's defaults; write how often, such as 1d")


def _columns(file: PolicyFile) -> Iterator[Problem]:
    traffic = file.traffic
    roles: dict[str, str] = {}
    for role in _ROLES:
        column = getattr(traffic, role)
        if column in roles:
            yield Problem(("traffic", role), f"column {column!r} is already the {roles[column]}")
        elif column is not None:
            roles[column] = role
    for index, column in enumerate(traffic.features):
        if column in roles and roles[column] not in _ALSO_FEATURES:
            yield Problem(("traffic", "features", index), f"column {column!r} is the {roles[column]}")
        elif column in traffic.features[:index]:
            yield Problem(("traffic", "features", index), f"column {column!r} is listed twice")
    for index, column in enumerate(traffic.ignore):
        if column in roles:
            yield Problem(
                ("traffic", "ignore", index),
                f"column {column!r} is the {roles[column]}, not to be ignored",
            )
        elif column in traffic.features:
            yield Problem(("traffic", "ignore", index), f"column {column!r} is listed as a feature as well")


def _drift(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    keys = merged(file.objectives.drift, team.defaults.objectives.drift, DriftFile)
    if keys is None:
        return
    for small, large in _LIMITS:
        low, high = (
            value if (value := getattr(keys, name)) is not None else getattr(DRIFT, name)
            for name in (small, large)
        )
        if low > high:
            yield Problem((*_DRIFT, small), f"{low:g} is more than {large}, which is {high:g}")
    own = file.objectives.drift
    known = (*file.traffic.features, file.traffic.prediction)
    if file.traffic.features and isinstance(own, DriftFile):
        for index, column in enumerate(own.ignore or ()):
            if column not in known:
                message = f"column {column!r} is neither a feature nor the prediction"
                yield Problem((*_DRIFT, "ignore", index), message, nearest(column, known))


def _performance(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    keys = performance_keys(file, team)
    if keys is None:
        return
    if file.labels is None:
        yield Problem(_PERFORMANCE, "needs labels; write where they are under labels, or performance: off")
    yield from _metric(keys, file)
    relative, absolute = keys.at_most_worse_than_baseline is not None, keys.limit is not None
    if relative and absolute:
        yield Problem((*_PERFORMANCE, "limit"), "write limit or at_most_worse_than_baseline, not both")
    if not relative and not absolute:
        yield Problem(_PERFORMANCE, "needs a limit; write at_most_worse_than_baseline: 10% or limit: a score")


def _metric(keys: PerformanceFile, file: PolicyFile) -> Iterator[Problem]:
    place = (*_PERFORMANCE, "metric")
    fitting = [name for name, metric in METRICS.items() if metric.task == file.task]
    listed = ", ".join(fitting)
    if keys.metric is None:
        yield Problem(place, f"is required, but missing; for {file.task} write one of {listed}")
    elif keys.metric not in fitting:
        task = METRICS[keys.metric].task
        yield Problem(
            place, f"{keys.metric} is for {task}, and this model does {file.task}; write one of {listed}"
        )
    elif METRICS[keys.metric].by_probability and not (file.traffic.probability or file.traffic.probabilities):
        message = f"{keys.metric} needs probabilities; write their column as traffic.probability"
        yield Problem(place, message)
