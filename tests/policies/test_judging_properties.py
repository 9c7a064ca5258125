"""What holds for every reading: judging repeats itself, is never blind to worse, never met by ignorance."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judge import judge
from policies.verdict import Status, worst_severity, worst_status
from profiles.reading import ColumnComparison, Labels, Reading, Score
from tests.policies.readings import DAY, HEALTHY, POLICY, arrivals, category, number, reading, seen

RANK = {
    Status.MET: 0,
    Status.INCONCLUSIVE: 1,
    Status.AT_RISK: 2,
    Status.ERRORED: 3,
    Status.BREACHED: 4,
}
shares = st.floats(0, 1)
distances = st.floats(0, 10)
examples = settings(derandomize=True, deadline=None, max_examples=150)


def spoilt(draw: Any, index: int) -> ColumnComparison:
    column = number(
        f"n{index}",
        psi=draw(st.none() | distances),
        chance=draw(st.none() | distances),
        missing_share=draw(shares),
        baseline_missing_share=draw(shares),
        out_of_range_share=draw(shares),
        infinite_share=draw(st.sampled_from([0.0, 0.01])),
        present=draw(st.sampled_from([0, 500, 1000])),
        constant=draw(st.booleans()),
    )
    return replace(column, kind=draw(st.sampled_from(["number", "category", "empty", "time"])))


@st.composite
def readings(draw: Any) -> Reading:
    columns = [spoilt(draw, index) for index in range(draw(st.integers(0, 3)))]
    read = seen(*columns, missing=draw(st.sampled_from([(), ("lost",)])))
    return replace(
        read,
        arrivals=arrivals(draw(st.integers(0, 2000)), draw(st.timedeltas(timedelta(0), DAY))),
        baseline=draw(st.sampled_from([None, HEALTHY.baseline])),
        comparison=draw(st.sampled_from([None, read.comparison])),
        labels=draw(st.none() | st.builds(Labels, st.integers(0, 1000), shares, st.booleans())),
        scores=draw(
            st.just({})
            | st.builds(lambda mae: {"mae": Score(mae, 900)}, st.floats(0, 100) | st.just(float("nan")))
        ),
        fault=draw(st.sampled_from([None, None, None, "no file matches"])),
    )


@examples
@given(readings())
def test_judging_twice_gives_the_same_verdict(read: Reading) -> None:
    assert repr(judge(read, POLICY)) == repr(judge(replace(read), POLICY))


@examples
@given(readings())
def test_a_verdict_is_the_worst_of_its_parts_and_a_shortfall_has_findings(read: Reading) -> None:
    verdict = judge(read, POLICY)
    assert verdict.status is worst_status(objective.status for objective in verdict.objectives)
    counted = [f for o in verdict.objectives for f in o.findings if f.suppressed_by is None]
    assert verdict.severity is worst_severity(finding.severity for finding in counted)
    for objective in verdict.objectives:
        assert objective.reason
        short = objective.status in (Status.AT_RISK, Status.BREACHED)
        assert short == any(finding.suppressed_by is None for finding in objective.findings)


@examples
@given(readings())
def test_taking_evidence_away_never_makes_an_objective_met(read: Reading) -> None:
    without = {
        "volume": replace(read, baseline=None),
        "quality": replace(read, comparison=None),
        "drift": replace(read, comparison=None),
        "performance": replace(read, labels=None),
    }
    for name, blind in without.items():
        answer = judge(blind, POLICY).of(name)
        assert answer is not None
        assert answer.status is not Status.MET
    few = judge(replace(read, arrivals=replace(read.arrivals, rows=79)), POLICY)
    assert all(
        o.status is not Status.MET
        for o in few.objectives
        if o.objective in without and o.objective != "volume"
    )
    errored = judge(replace(read, fault="gone"), POLICY)
    assert all(objective.status is Status.ERRORED for objective in errored.objectives)


WORSE: dict[str, Any] = {
    "silence": lambda h: reading(arrivals=arrivals(silence=timedelta(hours=24 * h))),
    "fewer rows": lambda h: reading(arrivals=arrivals(round(1000 * (1 - h)))),
    "missing": lambda h: seen(number(missing_share=h), category()),
    "out of range": lambda h: seen(number(out_of_range_share=h)),
    "new categories": lambda h: seen(category(new_category_share=h)),
    "infinities": lambda h: seen(number(infinite_share=h)),
    "psi": lambda h: seen(number(psi=h), category()),
    "share of a category": lambda h: seen(category(linf=h)),
    "error": lambda h: reading(scores={"mae": Score(100 * h, 900)}),
    "psi of a column with missing values": lambda h: seen(number(psi=h, missing_share=0.3)),
}


@examples
@given(st.sampled_from(sorted(WORSE)), shares, shares)
def test_a_worse_value_never_improves_the_status(what: str, one: float, other: float) -> None:
    better, worse = (judge(WORSE[what](harm), POLICY) for harm in sorted((one, other)))
    assert RANK[worse.status] >= RANK[better.status]


@examples
@given(readings(), st.sampled_from(["silence", "missing", "lost", "score"]))
def test_spoiling_any_window_never_improves_it(read: Reading, how: str) -> None:
    comparison = read.comparison
    if how == "silence":
        silence = min(read.arrivals.longest_silence + timedelta(hours=3), DAY)
        worse = replace(read, arrivals=replace(read.arrivals, longest_silence=silence))
    elif how == "score":
        worse = replace(read, scores={m: replace(s, value=s.value + 5) for m, s in read.scores.items()})
    elif comparison is None:
        return
    elif how == "lost":
        worse = replace(read, comparison=replace(comparison, missing_columns=("lost", "more")))
    else:
        columns = tuple(replace(c, missing_share=max(c.missing_share, 0.99)) for c in comparison.columns)
        worse = replace(read, comparison=replace(comparison, columns=columns))
    assert RANK[judge(worse, POLICY).status] >= RANK[judge(read, POLICY).status]
