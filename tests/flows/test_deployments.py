import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import Parameter, signature

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect._vendor.croniter import croniter  # the reader of cron lines that the server uses

from flows.deployments import DeploymentSpec, cron_for, deployments_for, instance_tag, shard_of
from policies.policy import Freshness, Policy
from policies.verdict import Severity
from profiles.window import Cadence

Build = Callable[..., Policy]

NONE = timedelta(0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def every(policies: Sequence[Policy], shard_size: int = 200) -> tuple[DeploymentSpec, ...]:
    return deployments_for(policies, instance="prod", work_pool="muster", shard_size=shard_size)


def of(policies: Sequence[Policy], shard_size: int = 200) -> tuple[DeploymentSpec, ...]:
    """Those that watch."""
    return tuple(spec for spec in every(policies, shard_size) if spec.flow_name in {"watch", "pulse"})


def test_one_deployment_watches_all_models_of_a_team_and_cadence(a_policy: Build) -> None:
    policies = [
        a_policy("ads.click", "1h"),
        a_policy("pricing.bike", "1d"),
        a_policy("pricing.car", "1d"),
        a_policy("pricing.now", "15m"),
    ]
    specs = of(policies)
    assert [spec.full_name for spec in specs] == [
        "watch/ads-1h",
        "watch/pricing-15m",
        "watch/pricing-1d",
    ]
    assert specs[2].parameters == {"team": "pricing", "cadence": "1d"}
    assert specs[2].tags == ("muster", "muster-instance:prod", "team:pricing")
    assert specs[2].entrypoint == "flows.watch.watch_team"
    assert (specs[2].concurrency_limit, specs[2].collision_strategy) == (1, "CANCEL_NEW")


def test_one_deployment_finishes_what_is_due_in_the_whole_fleet(a_policy: Build) -> None:
    specs = deployments_for(
        [a_policy("ads.click"), a_policy("shop.price")], instance="prod", work_pool="muster"
    )
    (spec,) = (spec for spec in specs if spec.flow_name == "reconcile")
    assert (spec.full_name, spec.entrypoint, spec.parameters) == (
        "reconcile/fleet",
        "flows.reconcile.reconcile_fleet",
        {},
    )
    assert (spec.concurrency_limit, spec.collision_strategy) == (1, "CANCEL_NEW")
    assert croniter.is_valid(spec.cron)


def test_no_policies_need_no_deployments() -> None:
    assert deployments_for([], instance="prod", work_pool="muster") == ()


def test_the_order_of_the_files_does_not_matter(a_policy: Build) -> None:
    policies = [a_policy(f"team-{number % 3}.model-{number}") for number in range(12)]
    assert of(policies) == of(policies[::-1])


def test_a_large_team_is_cut_into_shards_that_cover_it_once(a_policy: Build) -> None:
    policies = [a_policy(f"ads.model-{number}") for number in range(25)]
    specs = of(policies, shard_size=10)
    assert [spec.name for spec in specs] == ["ads-1h", "ads-1h-2", "ads-1h-3"]
    assert [spec.parameters["shard"] for spec in specs] == [0, 1, 2]
    assert {spec.parameters["shards"] for spec in specs} == {3}
    for policy in policies:
        listed = [f"| {policy.model} |" in spec.description for spec in specs]
        assert listed.index(True) == shard_of(policy.model, 3)
        assert sum(listed) == 1


def test_a_team_that_outgrows_a_shard_keeps_its_first_deployment(a_policy: Build) -> None:
    policies = [a_policy(f"ads.model-{number}") for number in range(11)]
    names = [{spec.name for spec in of(policies[:count], shard_size=10)} for count in (10, 11)]
    assert names[0] < names[1]


def test_an_empty_shard_is_not_deployed(a_policy: Build) -> None:
    policies = [a_policy("ads.model-4"), a_policy("ads.model-5")]
    assert {shard_of(policy.model, 2) for policy in policies} == {0}
    assert [spec.parameters["shard"] for spec in of(policies, shard_size=1)] == [0]


def test_the_version_tells_every_difference_and_nothing_else(a_policy: Build) -> None:
    (spec,) = of([a_policy("ads.click")])
    (again,) = of([a_policy("ads.click")])
    assert spec.version == again.version
    others = [
        replace(spec, cron="1 1 * * *"),
        replace(spec, description="else"),
        replace(spec, parameters={}),
        replace(spec, work_pool="other"),
        replace(spec, concurrency_limit=2),
        replace(spec, tags=(instance_tag("test"),)),
    ]
    assert len({spec.version, *(other.version for other in others)}) == 7


def test_the_description_names_the_models_and_says_how_to_pause(a_policy: Build) -> None:
    (spec,) = of([a_policy("ads.click", lateness=HOUR), a_policy("ads.view")])
    assert "| ads.click | 1h |\n| ads.view | 0s |" in spec.description
    assert "pause its schedule" in spec.description
    (large,) = of([a_policy(f"ads.model-{number:02}") for number in range(40)])
    assert "| ads.model-29 |" in large.description
    assert "| and 10 more | |" in large.description


@pytest.mark.parametrize(
    ("cadence", "lateness", "cron"),
    [
        ("1m", NONE, "* * * * *"),
        ("15m", NONE, "2,17,32,47 * * * *"),
        ("7m", NONE, "* * * * *"),
        ("90m", NONE, "2,32 * * * *"),
        ("1h", NONE, "11 * * * *"),
        ("1h", timedelta(minutes=90), "41 * * * *"),
        ("6h", NONE, "11 0,6,12,18 * * *"),
        ("7h", NONE, "11 * * * *"),
        ("36h", 2 * HOUR, "11 2,14 * * *"),
        ("1d", NONE, "11 0 * * *"),
        ("1d", 5 * HOUR, "11 5 * * *"),
        ("5d", DAY, "11 0 * * *"),
        ("1w", NONE, "11 0 * * 1"),
        ("7d", 6 * DAY, "11 0 * * 0"),
        ("2w", 9 * DAY, "11 0 * * 3"),
        ("1mo", NONE, "11 0 1 * *"),
        ("3mo", 2 * DAY, "11 0 3 1,4,7,10 *"),
        ("3mo", 40 * DAY, "11 0 13 * *"),
        ("5mo", NONE, "11 0 1 * *"),
        ("24mo", NONE, "11 0 1 1 *"),
    ],
)
def test_a_cadence_becomes_a_cron_line(cadence: str, lateness: timedelta, cron: str) -> None:
    assert cron_for(Cadence(cadence), lateness, "seed-56") == cron


UNITS = {"m": 240, "h": 60, "d": 40, "w": 6, "mo": 14}


@given(
    unit_and_count=st.sampled_from(sorted(UNITS)).flatmap(
        lambda unit: st.tuples(st.just(unit), st.integers(1, UNITS[unit]))
    ),
    lateness=st.integers(0, 40 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    name=st.text(max_size=5),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_run_follows_soon_after_every_window_is_due(
    unit_and_count: tuple[str, int], lateness: timedelta, name: str, at: datetime
) -> None:
    unit, count = unit_and_count
    cadence = Cadence(f"{count}{unit}")
    due = cadence.window(at).end + lateness
    before = due - timedelta(seconds=1)
    fires = croniter(cron_for(cadence, lateness, name), before).get_next(datetime)
    patience = min(cadence.length / 4, HOUR)
    if unit == "mo" and lateness >= 27 * DAY:
        patience = 4 * DAY
    assert NONE <= fires - due <= patience


def test_the_flow_that_is_named_takes_what_the_deployments_pass(a_policy: Build) -> None:
    from prefect.flows import load_flow_from_entrypoint

    policies = [a_policy(f"ads.model-{number}") for number in range(3)]
    policies[0] = replace(policies[0], freshness=Freshness(HOUR, Severity.CRITICAL))
    for spec in every(policies, shard_size=1):
        flow = load_flow_from_entrypoint(spec.entrypoint, use_placeholder_flow=False)
        accepted = signature(flow.fn).parameters
        assert flow.name == spec.flow_name
        assert set(spec.parameters) <= set(accepted)
        # Without a default, "Quick run" in Prefect's pages opens a form instead of running.
        assert all(parameter.default is not Parameter.empty for parameter in accepted.values())


def test_one_deployment_takes_the_pulse_where_any_policy_promises_freshness(a_policy: Build) -> None:
    silent, told = a_policy("ads.click"), a_policy("pricing.bike")
    told = replace(told, freshness=Freshness(HOUR, Severity.CRITICAL))
    assert [spec.full_name for spec in of([silent])] == ["watch/ads-1h"]
    pulse = of([silent, told, replace(told, model="pricing.car")])[0]
    assert (pulse.full_name, pulse.cron, pulse.parameters) == ("pulse/fleet", "*/5 * * * *", {})
    assert pulse.entrypoint == "flows.pulse.pulse_fleet"
    assert (pulse.tags, pulse.collision_strategy) == (("muster", "muster-instance:prod"), "CANCEL_NEW")
    # Models that come and go do not change it.
    assert pulse == of([told])[0]


def test_a_fleet_does_not_fire_all_at_once() -> None:
    crons = {cron_for(Cadence("1d"), NONE, f"team-{number}-1d") for number in range(60)}
    assert len(crons) > 30


def test_the_slowest_log_of_a_team_sets_the_time(a_policy: Build) -> None:
    (spec,) = of([a_policy("ads.click", "1d"), a_policy("ads.view", "1d", 3 * HOUR)])
    assert spec.cron == cron_for(Cadence("1d"), 3 * HOUR, "ads-1d")


def test_every_model_has_a_rollback_of_its_own_that_waits_behind_nothing(a_policy: Build) -> None:
    specs = every([a_policy("ads.click"), a_policy("pricing.bike")])
    mine = {spec.full_name: spec for spec in specs if spec.flow_name == "rollback"}
    assert set(mine) == {"rollback/ads.click", "rollback/pricing.bike", "rollback/fleet"}
    assert mine["rollback/ads.click"].parameters == {"model": "ads.click"}
    assert mine["rollback/ads.click"].cron is None
    assert {spec.work_queue for spec in mine.values()} == {"rollback"}


def test_one_deployment_promotes_and_one_rehearses_every_night(a_policy: Build) -> None:
    specs = {spec.full_name: spec for spec in every([a_policy("ads.click"), a_policy("pricing.bike")])}
    assert specs["promote/fleet"].parameters == {"proposal": ""}
    assert specs["promote/fleet"].living == ("parameters", "description")
    assert specs["rehearse/fleet"].cron == "20 3 * * *"


def test_the_click_on_rollback_waits_for_nothing_heavy() -> None:
    heavy = "('mlflow', 'whylogs', 'sklearn', 'scipy', 'matplotlib')"
    code = f"import sys, flows.rollback; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
