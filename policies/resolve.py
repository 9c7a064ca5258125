"""From what a team wrote to the policy that holds."""

from collections.abc import Iterator
from dataclasses import replace

from policies.contradictions import contradictions
from policies.defaults import (
    ALIAS,
    FALSE_PAGES,
    LABELS_ARRIVE_WITHIN,
    MINIMUM_ROWS,
    REQUEST_ID,
    first,
    format_of,
    late_rows,
    lateness,
)
from policies.faults import Problem, dotted
from policies.policy import CalendarBaseline, FalsePages, Policy, Routes
from policies.promises import promises
from policies.remedies import remediation
from policies.schema import PolicyFile, TeamFile
from policies.show import keys
from policies.written_sources import LabelsFile, TrafficFile
from policies.written_target import target
from policies.written_types import Written
from profiles.errors import PolicyInvalid
from profiles.layout import Format, LabelLayout, TrafficLayout


def resolve(file: PolicyFile, team: TeamFile) -> Policy:
    """Fill in every default: the model's value, else the team's, else Muster's.

    Raises PolicyInvalid with every contradiction, one per line.
    """
    if wrong := contradictions(file, team):
        raise PolicyInvalid("\n".join(_said(problem) for problem in wrong))
    ours = team.defaults
    cadence = first(file.cadence, ours.cadence)
    policy = Policy(
        model=file.model,
        team=team.team,
        registered_as=first(file.registered_as, file.model),
        alias=first(file.alias, ALIAS),
        task=file.task,
        owners=first(file.owners, team.owners),
        traffic=_traffic(file),
        labels=_labels(file),
        cadence=cadence,
        allowed_lateness=first(file.allowed_lateness, ours.allowed_lateness, lateness(cadence)),
        late_rows=first(file.late_rows, ours.late_rows, late_rows(cadence)) or None,
        minimum_rows=first(file.minimum_rows, ours.minimum_rows, MINIMUM_ROWS),
        authority=first(file.authority, ours.authority, "external"),
        automation=first(file.automation, ours.automation, "observe"),
        **promises(file, team, cadence),
        remediation=remediation(file, team),
        segments=file.segments,
        false_pages=_false_pages(file, team),
        routes=_routes(file, team),
        target=target(file.target, ours.target, cadence.length),
        baselines=tuple(
            CalendarBaseline(each.name, each.when.dates, each.when.weekdays, each.when.months)
            for each in file.baselines
        ),
    )
    own, teams = set(_written(file)), set(_written(ours))
    teams |= {key for key in _written(team) if key.split(".")[0] in {"owners", "routes"}}
    filled = [key for key in keys(policy) if key not in own]
    return replace(
        policy,
        filled=tuple(key for key in filled if key not in teams),
        filled_by_team=tuple(key for key in filled if key in teams),
    )


def _said(problem: Problem) -> str:
    hint = f", did you mean {problem.hint}?" if problem.hint else ""
    return f"{dotted(problem.where)}: {problem.message}{hint}"


def _format(log: TrafficFile | LabelsFile) -> Format | None:
    return None if log.path is None else first(log.format, format_of(log.path))


def _traffic(file: PolicyFile) -> TrafficLayout:
    log = file.traffic
    return TrafficLayout(
        path=log.path,
        format=_format(log),
        timestamp=log.timestamp,
        prediction=log.prediction,
        # labels are joined by it: without labels nobody needs one
        request_id=log.request_id or (REQUEST_ID if file.labels else None),
        version=log.version,
        features=log.features,
        ignore=log.ignore,
        probability=log.probability,
        probabilities=log.probabilities,
        group=log.group,
        weight=log.weight,
        value=log.value,
        latency=log.latency,
        status=log.status,
        ok=log.ok,
        query=log.query,
        connection=log.connection,
        version_is=log.version_is,
        sensitive=log.sensitive,
        text=log.text,
        embeddings=log.embeddings,
    )


def _labels(file: PolicyFile) -> LabelLayout | None:
    labels = file.labels
    if labels is None:
        return None
    return LabelLayout(
        path=labels.path,
        format=_format(labels),
        label=labels.label,
        request_id=first(labels.request_id, file.traffic.request_id, REQUEST_ID),
        arrives_within=first(labels.arrives_within, LABELS_ARRIVE_WITHIN),
        arrived_at=labels.arrived_at,
        query=labels.query,
        connection=labels.connection,
        value=labels.value,
        observed_when=labels.observed_when,
    )


def _false_pages(file: PolicyFile, team: TeamFile) -> FalsePages:
    keys = file.false_pages or team.defaults.false_pages
    return FALSE_PAGES if keys is None else FalsePages(keys.allow, keys.over)


def _routes(file: PolicyFile, team: TeamFile) -> Routes:
    keys = file.routes or team.routes
    return Routes() if keys is None else Routes(keys.critical, keys.high, keys.low)


def _written(part: Written, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys that a person wrote."""
    for name in part.model_fields_set:
        value = getattr(part, name)
        if isinstance(value, Written):
            yield from _written(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            yield from (f"{prefix}{name}.{key}" for key in value)
        else:
            yield prefix + name
