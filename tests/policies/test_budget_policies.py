"""Budgets in policy files: what is filled in, what is refused with its place, and how it is shown."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.load import load_policies
from policies.policy import Budget, BurnTier, Policy
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.show import show
from policies.verdict import Severity
from profiles.errors import PolicyInvalid
from profiles.window import Cadence
from tests.policies.readings import DAY, HOUR
from tests.policies.written import GOOD, faults_of, write

HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL
LINE = "objectives:\n"


def with_budget(written: str, objective: str = "drift", cadence: str = "1d", keys: str = "") -> str:
    text = GOOD.replace("prediction: demand", "prediction: demand, status: code, ok: [200]")
    return text.replace("1d", cadence).replace(LINE, f"{LINE}  {objective}: {{{keys}budget: {written}}}\n")


def resolved(
    written: str, objective: str = "drift", cadence: str = "1d", keys: str = "", team: str = ""
) -> Policy:
    file = PolicyFile.model_validate(yaml.safe_load(with_budget(written, objective, cadence, keys)))
    defaults = {"objectives": yaml.safe_load(team)} if team else {}
    return resolve(file, TeamFile.model_validate({"team": "pricing", "defaults": defaults}))


def test_nothing_has_a_budget_by_default() -> None:
    policy = resolve(PolicyFile.model_validate(yaml.safe_load(GOOD)), TeamFile(team="pricing"))
    for objective in (policy.freshness, policy.volume, policy.quality, policy.drift, policy.performance):
        assert objective is not None
        assert objective.budget is None


# cadence, budget as written -> what it is filled in with
FILLED: dict[str, tuple[str, str, str, Budget]] = {
    "hourly windows": (
        "1h", "drift", "{allow: 1%}",
        Budget("windows", 0.01, 30 * DAY, (
            BurnTier(CRITICAL, 0.14, 7 * HOUR), BurnTier(CRITICAL, 0.1417, 17 * HOUR),
            BurnTier(HIGH, 0.1389, 100 * HOUR),
        )),
    ),
    "rows that fail one by one": (
        "1h", "errors", "{allow: 1%}",
        Budget("rows", 0.01, 30 * DAY, (
            BurnTier(CRITICAL, 0.02, HOUR), BurnTier(CRITICAL, 0.05, 6 * HOUR), BurnTier(HIGH, 0.1, 3 * DAY),
        )),
    ),
    "days of which three may fall short": (
        "1d", "drift", "{allow: 10%}",
        Budget("windows", 0.1, 30 * DAY, (
            BurnTier(CRITICAL, 0.4, 2 * DAY), BurnTier(HIGH, 0.3334, 10 * DAY),
        )),
    ),
    "days of which one may: a second is a breach, and no burn comes before it": (
        "1d", "drift", "{allow: 5%}", Budget("windows", 0.05, 30 * DAY, ()),
    ),
    "weeks": (
        "1w", "drift", "{allow: 20%}",
        Budget("windows", 0.2, 84 * DAY, (BurnTier(HIGH, 0.4167, 35 * DAY),)),
    ),
    "months": ("1mo", "drift", "{allow: 10%}", Budget("windows", 0.1, 360 * DAY, ())),
    "all written": (
        "1h", "quality", "{of: rows, allow: 5%, over: 7d, burn: [{severity: low, spends: 50%, within: 12h}]}",
        Budget("rows", 0.05, 7 * DAY, (BurnTier(Severity.LOW, 0.5, 12 * HOUR),)),
    ),
    "no burns": ("1h", "volume", "{allow: 1%, burn: []}", Budget("windows", 0.01, 30 * DAY, ())),
}  # fmt: skip


@pytest.mark.parametrize("case", FILLED)
def test_what_is_not_written_is_filled_in(case: str) -> None:
    cadence, objective, written, budget = FILLED[case]
    policy = resolved(written, objective, cadence, "at_most: 5%, " if objective == "errors" else "")
    assert getattr(policy, objective).budget == budget


def test_a_fast_burn_is_a_step_more_urgent_than_a_breach() -> None:
    policy = resolved("{allow: 10%}", keys="severity: low, ")
    assert policy.drift is not None
    assert policy.drift.budget is not None
    assert [tier.severity for tier in policy.drift.budget.burn] == ["high", "low"]


def test_a_model_may_switch_its_teams_budget_off() -> None:
    team = "drift: {budget: {allow: 10%}}"
    inherited = resolved("{allow: 20%}", "quality", team=team)
    assert inherited.drift is not None
    assert inherited.drift.budget is not None
    assert "objectives.drift.budget.allow" in inherited.filled_by_team
    switched = resolved("off", team=team)
    assert switched.drift is not None
    assert switched.drift.budget is None


# objective, budget, cadence -> the fault after the line, which is 8
FAULTS = {
    "less than one window": (
        "drift", "{allow: 1%}", "1d",
        (".allow: 1 % of the 30 windows in 30d is less than one window; "
         "write 3.34% or more, or over: 100d or longer"),
    ),
    "less than one row": (
        "errors", "{allow: 0.001%}", "1d",
        (".allow: 0.001 % of the least rows in 30d, 30 windows of 80, is less than one row; "
         "write 0.0417% or more, or over: 1250d or longer"),
    ),
    "no share": ("drift", "{over: 30d}", "1d", ": needs the share that may fall short; write allow: 1%"),
    "nothing allowed": (
        "drift", "{allow: 0%}", "1d",
        ".allow: 0 % allows nothing, as without a budget; write a share between, or budget: off",
    ),
    "everything allowed": (
        "drift", "{allow: 100%}", "1d",
        ".allow: 100 % allows everything; write a share between, or budget: off",
    ),
    "a period of two windows": (
        "drift", "{allow: 50%, over: 2d}", "1d",
        ".over: 2d holds 2 of the windows of 1d, too few to count; write 4d or longer",
    ),
    "a period of too many": (
        "drift", "{allow: 1%}", "1m",
        ".over: 30d holds 43,200 windows of 1m, too many to count; write 6d or shorter",
    ),
    "rows of a silence": (
        "freshness", "{of: rows, allow: 10%}", "1d", ".of: a silence has no rows to count; write of: windows",
    ),
    "an unknown unit": (
        "drift", "{of: row, allow: 10%}", "1d",
        ".of: 'row' is not allowed; write windows or rows, did you mean rows?",
    ),
    "an unknown key": ("drift", "{alow: 10%}", "1d", ".alow: unknown key, did you mean allow?"),
    "an unknown key of a burn": (
        "drift", "{allow: 10%, burn: [{severity: low, spend: 50%, within: 3d}]}", "1d",
        ".burn[0].spend: unknown key, did you mean spends?",
    ),
    "a burn of less than a window": (
        "drift", "{allow: 10%, burn: [{severity: low, spends: 10%, within: 3d}]}", "1d",
        ".burn[0].spends: 10 % of this budget within 3d is less than one window; write 33.34% or more",
    ),
    "a burn that cannot be": (
        "drift", "{allow: 10%, burn: [{severity: low, spends: 34%, within: 1d}]}", "1d",
        ".burn[0].spends: within 1d no more than 33.3 % can be spent; write less, or within: a longer span",
    ),
    "a burn that is none": (
        "drift", "{allow: 10%, burn: [{severity: low, spends: 50%, within: 20d}]}", "1d",
        ".burn[0].spends: 50 % within 20d would last longer than 30d; write 66.67% or more",
    ),
    "a burn longer than the period": (
        "drift", "{allow: 10%, burn: [{severity: low, spends: 50%, within: 31d}]}", "1d",
        ".burn[0].within: 31d is longer than the budget's 30d; write a part of it",
    ),
    "a burn of the whole budget": (
        "drift", "{allow: 10%, burn: [{severity: low, spends: 100%, within: 10d}]}", "1d",
        ".burn[0].spends: a budget that is spent is a breach by itself; write less than 100%",
    ),
    "the same burn twice": (
        "drift",
        ("{allow: 10%, burn: [{severity: low, spends: 50%, within: 3d}, "
         "{severity: low, spends: 60%, within: 3d}]}"),
        "1d",
        ".burn[1].within: another burn within 3d is low already; write one of them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_budget_that_cannot_be_is_refused_with_what_to_write(case: str, tmp_path: Path) -> None:
    objective, written, cadence, said = FAULTS[case]
    keys = "at_most: 5%, " if objective == "errors" else ""
    found = faults_of(tmp_path, with_budget(written, objective, cadence, keys))
    # A key that is spelled wrong is missing as well.
    rest = [fault for fault in found if "missing" not in fault]
    assert rest == [f"8: objectives.{objective}.budget{said}"]


def test_a_budget_that_only_the_team_wrote_is_checked_for_every_model(tmp_path: Path) -> None:
    write(
        tmp_path,
        "pricing/team.yaml",
        "team: pricing\ndefaults: {objectives: {drift: {budget: {allow: 1%}}}}\n",
    )
    (fault,) = faults_of(tmp_path, GOOD)
    assert "objectives.drift.budget.allow: 1 % of the 30 windows in 30d is less than one window" in fault


def test_a_shown_budget_says_everything_and_reads_back() -> None:
    policy = resolved("{allow: 10%}")
    assert (
        "    budget:\n      of: windows  # default\n      allow: 10%\n      over: 30d  # default\n"
        in show(policy)
    )
    again = resolve(PolicyFile.model_validate(yaml.safe_load(show(policy))), TeamFile(team="pricing"))
    assert again == policy


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.sampled_from(["15m", "1h", "6h", "1d", "1w", "1mo"]), st.integers(1, 99), st.integers(4, 400),
    st.sampled_from(["drift", "errors"]), st.sampled_from(["windows", "rows"]),
)  # fmt: skip
def test_every_budget_that_holds_reads_back_with_its_usual_burns(
    cadence: str, percent: int, windows: int, objective: str, unit: str
) -> None:
    days = max(1, round(windows * Cadence(cadence).length / timedelta(days=1)))
    keys = "at_most: 5%, " if objective == "errors" else ""
    written = f"{{of: {unit}, allow: {percent}%, over: {min(days, 9999)}d}}"
    try:
        policy = resolved(written, objective, cadence, keys)
    except PolicyInvalid:
        return
    assert (
        resolve(PolicyFile.model_validate(yaml.safe_load(show(policy))), TeamFile(team="pricing")) == policy
    )


def test_the_schema_offers_the_keys_of_a_budget(tmp_path: Path) -> None:
    from policies.load import json_schema

    defs = json_schema(PolicyFile)["$defs"]
    assert set(defs["BudgetFile"]["properties"]) == {"of", "allow", "over", "burn"}
    assert set(defs["BurnFile"]["required"]) == {"severity", "spends", "within"}
    write(tmp_path, "pricing/bike.yaml", with_budget("{allow: 10%}"))
    load_policies([tmp_path]).raise_for_faults()
