"""What holds when nobody wrote otherwise: Muster's defaults, and how a team's fill in a model's keys."""

from datetime import timedelta
from typing import TypeVar

from policies.policy import Drift, FalsePages, Quality
from policies.schema import PolicyFile, TeamFile
from policies.verdict import Severity
from policies.written_objectives import ErrorsFile, LatencyFile, PerformanceFile, Section, ValueFile
from policies.written_switch import Off
from profiles.layout import SUFFIXES, Format
from profiles.window import Cadence

_T = TypeVar("_T")

ALIAS = "champion"  # the alias that MLflow's own documentation uses for the serving version
REQUEST_ID = "request_id"  # the usual name; a log that lacks it is reported when it is read
LABELS_ARRIVE_WITHIN = timedelta(days=7)  # a working week of review, and a weekend
# Without any drift, PSI over ten cells averages (10 - 1) / n: at 80 rows that is 0.11, a minor drift.
MINIMUM_ROWS = 80

FRESHNESS_SEVERITY = Severity.CRITICAL  # a dead feed is an outage: it pages
FRESHNESS_LONGEST = timedelta(days=1)  # nobody wants to learn of a dead feed later than a day after

VOLUME_AT_LEAST = 0.5  # business traffic halves on holidays; losing more than half is no holiday
VOLUME_SEVERITY = Severity.HIGH

# Our own choice: one row in twenty lost or unknown in a column is worth a look; ranges are noisier, as
# they rest on two extreme values of the baseline.
QUALITY = Quality(missing=0.05, out_of_range=0.10, new_categories=0.05, severity=Severity.HIGH)

# PSI 0.1 and 0.25: N. Siddiqi, Credit Risk Scorecards (Wiley, 2006), the convention of credit scoring.
# 5 and 10 points of one category's share: PSI hardly sees one category out of many that doubles.
# 5 and 10 % of the words, as of rows. MMD 0.05 and 0.1: a twentieth and a tenth of the rows are replaced by
# something else, or move from one cluster to another (tests/profiles/test_mmd.py).
# 0.3 and 0.5 standard deviations: between normal distributions PSI is the square of the shift in standard
# deviations, and these are the roots of 0.1 and 0.25.
DRIFT = Drift(
    minor=0.1,
    significant=0.25,
    minor_share=0.05,
    significant_share=0.10,
    severity=Severity.HIGH,
    ignore=(),
    minor_shift=0.3,
    significant_shift=0.5,
    minor_new_words=0.05,
    significant_new_words=0.10,
    minor_mmd=0.05,
    significant_mmd=0.10,
    persistence=2,  # two windows in a row by chance are rarer than the square of one
)
PERSISTENCE = 1  # of all other objectives: an outage is known by one window

# A recipe's last 90d hold by then nothing that was there the last time.
COMPARE_EVERY = timedelta(days=90)

# Once a quarter and model: a fleet of 15 models pages for nothing about once a week.
FALSE_PAGES = FalsePages(allow=1, over=timedelta(days=90))

PERFORMANCE_SEVERITY = Severity.HIGH
AT_RISK_AFTER = 0.8  # a fifth of the allowance is left to act in
RANKING_PLACES = 10  # a page of results
VALUE_SEVERITY = Severity.HIGH
LATENCY_SEVERITY = Severity.HIGH
ERRORS_SEVERITY = Severity.HIGH  # whoever runs the service is paged by its own monitoring

_LATENESS_SHARE = 10  # the tenth part of a cadence
_LATENESS_LONGEST = timedelta(hours=1)  # log shippers deliver within minutes; an hour covers a restart

_LATE_ROWS_WINDOWS = 3  # a weekend's worth of days: what waited for somebody to repair it
_LATE_ROWS_SHORTEST = timedelta(days=1)  # a device or a region that was cut off over night


def freshness_limit(cadence: Cadence) -> timedelta:
    """Return the default for the longest silence: one window, but at most a day."""
    return min(cadence.length, FRESHNESS_LONGEST)


def lateness(cadence: Cadence) -> timedelta:
    """Return the default for the allowed lateness: a tenth of the cadence in whole minutes, at most 1h."""
    minute = timedelta(minutes=1)
    tenth = -(-cadence.length // (_LATENESS_SHARE * minute)) * minute
    return min(tenth, _LATENESS_LONGEST)


def late_rows(cadence: Cadence) -> timedelta:
    """Return the default for how long late rows are looked for: three windows, but at least a day."""
    return max(_LATE_ROWS_WINDOWS * cadence.length, _LATE_ROWS_SHORTEST)


def format_of(path: str) -> Format | None:
    """Return the format that a path's suffix tells, or None when it tells none."""
    return next((known for known, ends in SUFFIXES.items() if path.lower().endswith(ends)), None)


def first(*values: _T | None) -> _T:
    """Return the first of these values that somebody gave; the last one is Muster's own."""
    return next(value for value in values if value is not None)


def merged(own: Section | Off | None, team: Section | Off | None, kind: type[Section]) -> Section | None:
    """Return the keys of one objective, a model's own before its team's; None when it is off."""
    if own == "off" or (own is None and team == "off"):
        return None
    keys = [
        {name: getattr(section, name) for name in section.model_fields_set}
        for section in (team, own)
        if isinstance(section, kind)
    ]
    return kind().model_copy(update={name: value for written in keys for name, value in written.items()})


def performance_keys(file: PolicyFile, team: TeamFile) -> PerformanceFile | None:
    """Return the keys of the performance objective, or None when it is off.

    It is on when the model's file says so, or when the team names a metric and the model has labels. A
    model that writes one kind of limit does not inherit the other kind.
    """
    own, teams = file.objectives.performance, team.defaults.objectives.performance
    if own is None and (not isinstance(teams, PerformanceFile) or teams.metric is None or not file.labels):
        return None
    keys = merged(own, teams, PerformanceFile)
    if keys is None or not isinstance(own, PerformanceFile):
        return keys
    if own.limit is not None or own.at_most_worse_than_baseline is not None:
        limits = ("limit", "at_most_worse_than_baseline")
        return keys.model_copy(update={name: getattr(own, name) for name in limits})
    return keys


def value_keys(file: PolicyFile, team: TeamFile) -> ValueFile | None:
    """Return the keys of the value objective; None when it is off, or only the team's and not measured.

    A model that writes one kind of limit does not inherit the other kind.
    """
    own, teams = file.objectives.value, team.defaults.objectives.value
    measured = file.traffic.value is not None or (file.labels is not None and file.labels.value is not None)
    if own is None and (teams is None or not measured):
        return None
    keys = merged(own, teams, ValueFile)
    limits = ("at_least_per_prediction", "at_most_worse_than_baseline")
    if keys is None or not isinstance(own, ValueFile) or not {*limits} & own.model_fields_set:
        return keys
    return keys.model_copy(update={name: getattr(own, name) for name in limits})


def latency_keys(file: PolicyFile, team: TeamFile) -> LatencyFile | None:
    """Return the keys of the latency objective; None when it is off, or only the team's and not measured."""
    own, teams = file.objectives.latency, team.defaults.objectives.latency
    if own is None and (teams is None or file.traffic.latency is None):
        return None
    return merged(own, teams, LatencyFile)


def errors_keys(file: PolicyFile, team: TeamFile) -> ErrorsFile | None:
    """Return the keys of the errors objective; None when it is off, or only the team's and not measured."""
    own, teams = file.objectives.errors, team.defaults.objectives.errors
    if own is None and (teams is None or file.traffic.status is None):
        return None
    return merged(own, teams, ErrorsFile)
