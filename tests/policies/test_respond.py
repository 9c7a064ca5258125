"""What a verdict calls for, what withholds it, and that outages are never learned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.alerting import alert_in
from policies.diagnosis import Cause, Diagnosis
from policies.incidents import Incident, IncidentChange
from policies.policy import Routes
from policies.remediation import Remediation, Retrain
from policies.respond import NOT_LEARNED, Retraining, Situation, respond
from policies.spending import Spending
from policies.verdict import ObjectiveVerdict, Severity, Status, Verdict
from tests.policies.readings import DAY, HOUR, POLICY, START, WINDOW

NOW = WINDOW.end + HOUR
SITUATION = Situation(now=NOW, champion="3", since=START - 100 * DAY)
ACT = replace(POLICY, automation="act", routes=Routes(high=("chat",)))


def change(
    kind: str = "drift", how: Literal["opened", "extended", "escalated", "resolved"] = "opened"
) -> IncidentChange:
    objective = kind if kind in {"drift", "performance"} else "freshness"
    name = f"{kind}@2012-10-29T00:00Z"
    incident = Incident(POLICY.model, name, objective, kind, START, START, Severity.HIGH, "it fell short")
    return IncidentChange(how, incident, "it fell short")


def verdict(cause: Cause = Cause.DATA_DRIFT, *objectives: ObjectiveVerdict) -> Verdict:
    diagnosis = Diagnosis(cause, "so it is")
    return Verdict(POLICY.model, WINDOW, Status.BREACHED, Severity.HIGH, objectives, diagnosis=diagnosis)


def limits(**keys: Any) -> Any:
    return replace(ACT, remediation=Remediation(retrain=Retrain(**keys)))


def asked(
    found: Verdict,
    changes: Sequence[IncidentChange] = (),
    situation: Situation = SITUATION,
    policy: Any = ACT,
) -> tuple[list[str], list[str]]:
    """The keys of what is wanted beside looks, and the reasons of what is withheld."""
    answer = respond(found, changes, situation, policy)
    return [i.key for i in answer.wanted if i.kind == "retrain"], [w.reason for w in answer.withheld]


def burning(objective: str) -> ObjectiveVerdict:
    budget = Spending("windows", 30 * DAY, "short", 0, 0, (), bad=4, allowed=1.5, unknown=0, left=0.0)
    return ObjectiveVerdict(objective, Status.BREACHED, "spent", Severity.HIGH, budget=budget)


@pytest.mark.parametrize(
    ("changes", "found", "key"),
    [
        ([change("drift")], verdict(), "drift"),
        ([change("performance")], verdict(Cause.CONCEPT_DRIFT), "performance"),
        ([change("performance", "extended")], verdict(Cause.UNCLEAR), "performance"),
        ([change("drift", "escalated")], verdict(), "drift"),
        ([change("performance")], verdict(Cause.BOTH, burning("performance")), "burn"),
        ([change("drift"), change("performance")], verdict(), "drift"),
        ([change("drift", "resolved")], verdict(), None),
        ([change("silent")], verdict(), None),
        ([], verdict(), None),
    ],
)
def test_a_shortfall_asks_for_a_challenger(
    changes: list[IncidentChange], found: Verdict, key: str | None
) -> None:
    wanted, withheld = asked(found, changes)
    assert wanted == ([] if key is None else [f"retrain for {key}@2012-10-29T00:00Z"])
    assert withheld == []


def test_only_the_named_shortfalls_ask() -> None:
    assert asked(verdict(), [change("drift")], policy=limits(when=("performance",)))[0] == []
    assert asked(verdict(), [change("performance")], policy=limits(when=("performance",)))[0] != []


@pytest.mark.parametrize("automation", ["observe", "propose", "act"])
def test_the_automation_stands_on_the_intent(automation: Any) -> None:
    answer = respond(verdict(), [change()], SITUATION, replace(POLICY, automation=automation))
    assert [intent.automation for intent in answer.wanted] == [automation]


@pytest.mark.parametrize(
    ("keys", "situation", "key"),
    [
        ({"every": 30 * DAY}, {}, "schedule"),
        ({"every": 30 * DAY}, {"since": NOW - 29 * DAY}, None),
        ({"every": 30 * DAY}, {"retrainings": (Retraining("one", NOW - 29 * DAY),)}, None),
        ({"every": 30 * DAY}, {"retrainings": (Retraining("one", NOW - 30 * DAY),)}, "schedule"),
        ({"new_labels": 5_000}, {"new_labels": 5_000}, "new_labels"),
        ({"new_labels": 5_000}, {"new_labels": 4_999}, None),
        ({"compare_every": 60 * DAY}, {}, "comparison"),
        ({"compare_every": 60 * DAY}, {"since": NOW - 59 * DAY}, None),
        ({"compare_every": 60 * DAY}, {"since": None}, None),
    ],
)
def test_a_challenger_is_made_without_a_shortfall(
    keys: dict[str, Any], situation: dict[str, Any], key: str | None
) -> None:
    wanted, withheld = asked(verdict(Cause.NONE), (), replace(SITUATION, **situation), limits(**keys))
    assert wanted == ([] if key is None else [f"retrain for {key}@2012-10-29T00:00Z"])
    assert withheld == []


def past(*days: float, **what: Any) -> tuple[Retraining, ...]:
    return tuple(Retraining(f"{d} days ago", NOW - d * DAY, **what) for d in sorted(days, reverse=True))


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        ({"champion": None}, "no version serves"),
        ({"held": "frozen by ann"}, "frozen by ann"),
        ({"challenger": "4"}, "version 4 contends already"),
        ({"outage": "no rows for 9h"}, "first the outage has to end: no rows for 9h"),
        ({"retrainings": past(20, is_open=True)}, "one is asked for already"),
        ({"retrainings": past(3)}, "less than 21d ago; 18d to wait"),
        ({"retrainings": past(40, settled=NOW - 3 * DAY)}, "less than 21d ago; 18d to wait"),
        ({"retrainings": past(29, 28, 26, 22)}, "4 were asked for within 30 days, 4 are allowed"),
        ({"retrainings": past(90, 60, 45, helped=False)}, "3 in a row did not help"),
    ],
)
def test_what_withholds_a_challenger_is_said(situation: dict[str, Any], said: str) -> None:
    wanted, withheld = asked(verdict(), [change()], replace(SITUATION, **situation))
    assert wanted == []
    assert len(withheld) == 1
    assert said in withheld[0]


@pytest.mark.parametrize(
    "retrainings",
    [
        past(31, 25, 23, 22),
        past(90, 60, helped=False),
        (*past(90, helped=False), *past(80, helped=True), *past(60, 45, helped=False)),
        (*past(90, 60, 45, helped=False), *past(22, helped=False, by_hand=True)),
        past(90, 60, 45, helped=False, to_compare=True),
        past(90, 60, 45),
    ],
)
def test_what_does_not_withhold_one(retrainings: tuple[Retraining, ...]) -> None:
    assert asked(verdict(), [change()], replace(SITUATION, retrainings=retrainings))[0] != []


def test_a_model_without_labels_is_not_retrained() -> None:
    assert asked(verdict(), [change()], policy=replace(ACT, labels=None)) == (
        [],
        ["the policy names no labels to learn from"],
    )


def test_that_retraining_does_not_help_is_told_once() -> None:
    situation = replace(SITUATION, retrainings=past(90, 60, 45, helped=False))
    told = respond(verdict(), [change()], situation, ACT).wanted
    later = replace(situation, now=NOW + DAY)
    assert [each.key for each in told] == ["tell chat: gave up after 45 days ago"]
    again = respond(verdict(), [change("drift", "extended")], later, ACT).wanted
    assert [each.key for each in again] == [each.key for each in told]
    channel, alert = alert_in(told[0].content)
    assert (channel, alert.subject, alert.severity) == ("chat", "retraining does not help", Severity.HIGH)


def test_history_that_is_caught_up_with_asks_for_nothing() -> None:
    long_ago = replace(SITUATION, now=NOW + 30 * DAY)
    assert asked(verdict(), [change()], long_ago) == ([], [])


def test_contests_are_looked_at_with_every_window_even_while_frozen() -> None:
    situation = replace(SITUATION, held="frozen by ann", contests=(("4", "3"), ("3", "2")))
    first = respond(verdict(), (), situation, ACT).wanted
    assert [(each.kind, each.automatic, each.automation) for each in first] == [("shadow", False, "act")] * 2
    assert first[0].content == {"version": "4", "opponent": "3"}
    early = ObjectiveVerdict("performance", Status.MET, "so far", provisional=True)
    other = respond(verdict(Cause.NONE, early), (), situation, ACT).wanted
    assert not {each.key for each in first} & {each.key for each in other}


situations = st.builds(
    Situation,
    now=st.just(NOW),
    champion=st.sampled_from([None, "3"]),
    since=st.sampled_from([None, START - 400 * DAY]),
    challenger=st.sampled_from([None, "4"]),
    held=st.sampled_from([None, "frozen by ann"]),
    outage=st.sampled_from([None, "no rows"]),
    retrainings=st.lists(st.floats(0, 300), max_size=5).map(lambda days: past(*days)),
    new_labels=st.sampled_from([None, 10, 10**6]),
)
policies = st.builds(
    limits,
    every=st.sampled_from([None, 10 * DAY]),
    new_labels=st.sampled_from([None, 100]),
    compare_every=st.sampled_from([None, 10 * DAY]),
    cooldown=st.sampled_from([timedelta(0), 7 * DAY]),
)
news = st.lists(st.sampled_from(["drift", "performance", "silent"]).map(change), max_size=3)


@given(cause=st.sampled_from(NOT_LEARNED), changes=news, situation=situations, policy=policies)
def test_an_outage_never_retrains(
    cause: Cause, changes: list[IncidentChange], situation: Situation, policy: Any
) -> None:
    assert asked(verdict(cause), changes, situation, policy)[0] == []


@given(cause=st.sampled_from(list(Cause)), changes=news, situation=situations, policy=policies)
def test_who_is_frozen_who_contends_and_who_is_broken_is_not_retrained(
    cause: Cause, changes: list[IncidentChange], situation: Situation, policy: Any
) -> None:
    wanted, _ = asked(verdict(cause), changes, situation, policy)
    if wanted:
        assert (situation.held, situation.challenger, situation.outage) == (None, None, None)
        assert situation.champion is not None
    assert asked(verdict(cause), changes, situation, policy)[0] == wanted
