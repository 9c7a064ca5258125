"""Keys of scores, value, latency, errors, segments and baselines that do not go together."""

from collections.abc import Iterator

from policies.baselines import DEFAULT
from policies.defaults import errors_keys, latency_keys, merged, performance_keys, value_keys
from policies.faults import Problem
from policies.schema import PolicyFile, TeamFile
from policies.written_objectives import DriftFile, ValueFile

_PERFORMANCE = ("objectives", "performance")


def measuring(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    """Yield what is wrong with the keys that say what is measured besides distributions."""
    yield from _roles(file)
    yield from _places(file, team)
    yield from _one_value(file)
    yield from _value(file, team)
    yield from _operations(file, team)
    yield from _segments(file, team)
    yield from _baselines(file)


def _roles(file: PolicyFile) -> Iterator[Problem]:
    traffic = file.traffic
    if traffic.probability and traffic.probabilities:
        message = "write probability or probabilities, not both"
        yield Problem(("traffic", "probability"), message)
    for role in ("probability", "probabilities"):
        if getattr(traffic, role) and file.task != "classification":
            yield Problem(("traffic", role), f"is for classification, and this model does {file.task}")
    columns = list(traffic.probabilities.values())
    for index, (name, column) in enumerate(traffic.probabilities.items()):
        if column in columns[:index]:
            message = f"column {column!r} holds the probability of another class already"
            yield Problem(("traffic", "probabilities", name), message)
    if file.task == "ranking" and traffic.group is None:
        yield Problem(("traffic",), "a ranking needs the column of its queries; write it as group")
    if traffic.status and not traffic.ok:
        yield Problem(("traffic", "status"), "needs the values that mean success; write them as ok: [200]")
    if traffic.ok and not traffic.status:
        yield Problem(("traffic", "ok"), "needs the column that holds these values; write it as status")


def _places(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    keys = performance_keys(file, team)
    if keys is not None and keys.k is not None and keys.metric not in (None, "ndcg"):
        yield Problem((*_PERFORMANCE, "k"), f"is for ndcg, and the metric is {keys.metric}")


def _one_value(file: PolicyFile) -> Iterator[Problem]:
    if file.labels is not None and file.labels.value is not None and file.traffic.value is not None:
        yield Problem(("labels", "value"), "is written as traffic.value as well; write one of them")


def _value(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    keys, place = value_keys(file, team), ("objectives", "value")
    if keys is None:
        return
    late = None if file.labels is None else file.labels.value
    if file.traffic.value is None and late is None:
        yield Problem(place, "needs the column of values; write it as traffic.value or labels.value")
    own = file.objectives.value
    if isinstance(own, ValueFile) and own.minimum_coverage is not None and late is None:
        yield Problem((*place, "minimum_coverage"), "is about labels; it needs labels.value")
    limits = [keys.at_least_per_prediction, keys.at_most_worse_than_baseline]
    if None not in limits:
        message = "write at_least_per_prediction or at_most_worse_than_baseline, not both"
        yield Problem((*place, "at_least_per_prediction"), message)
    if limits == [None, None]:
        message = "needs a limit; write at_least_per_prediction: a number or at_most_worse_than_baseline: 10%"
        yield Problem(place, message)


def _operations(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    latency, errors = latency_keys(file, team), errors_keys(file, team)
    if latency is not None:
        place = ("objectives", "latency")
        if file.traffic.latency is None:
            yield Problem(place, "needs the column of milliseconds; write it as traffic.latency")
        if not (latency.p50_at_most or latency.p95_at_most or latency.p99_at_most):
            yield Problem(place, "needs a limit; write p95_at_most: milliseconds")
    if errors is not None:
        place = ("objectives", "errors")
        if file.traffic.status is None:
            yield Problem(place, "needs the column of outcomes; write it as traffic.status")
        if errors.at_most is None:
            yield Problem(place, "needs a limit; write at_most: 1%")


def _segments(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    traffic = file.traffic
    unique = {
        "timestamp": traffic.timestamp,
        "prediction": traffic.prediction,
        "request_id": traffic.request_id,
    }
    for index, column in enumerate(file.segments):
        role = next((role for role, taken in unique.items() if taken == column), None)
        if role is not None:
            yield Problem(("segments", index), f"column {column!r} is the {role}: it makes no slices")
        elif column in file.segments[:index]:
            yield Problem(("segments", index), f"column {column!r} is listed twice")
    if file.segments:
        return
    # Nothing is sliced, so no objective can be judged by slices.
    written = {
        "drift": merged(file.objectives.drift, team.defaults.objectives.drift, DriftFile),
        "performance": performance_keys(file, team),
    }
    for name, keys in written.items():
        if keys is not None and keys.segments:
            message = "needs slices; name their columns as segments: [country]"
            yield Problem(("objectives", name, "segments"), message)


def _baselines(file: PolicyFile) -> Iterator[Problem]:
    for index, baseline in enumerate(file.baselines):
        place = ("baselines", index)
        if baseline.name == DEFAULT:
            yield Problem((*place, "name"), "default is the name of the baseline for all other days")
        if baseline.name in [each.name for each in file.baselines[:index]]:
            yield Problem((*place, "name"), f"{baseline.name} is written twice")
        if not (baseline.when.dates or baseline.when.weekdays or baseline.when.months):
            yield Problem((*place, "when"), "names no day; write dates, weekdays or months")
