"""Alerts: which changes are news, which channels hear of them, and routes that lead nowhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.alerting import Alert, alert_in, alert_of, channels_for, sends
from policies.incidents import Incident, IncidentChange
from policies.intents import Intent, Response, Withheld, doing
from policies.load import load_policies
from policies.policy import Routes
from policies.routes import unknown_channels
from policies.show import show
from policies.verdict import Severity
from tests.fakes import policy
from tests.policies.written import GOOD, write

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROUTES = Routes(critical=("on-call", "team"), high=("team",))
POLICY = policy(routes=ROUTES)


def changed(change: Any, severity: Severity = Severity.CRITICAL) -> IncidentChange:
    incident = Incident(
        POLICY.model, "unit_changed@x", "quality", "unit_changed", AT, AT, severity, "100 times"
    )
    return IncidentChange(change, incident, "temp is 100 times as large")


def alert(change: Any, severity: Severity = Severity.CRITICAL) -> Alert:
    told = alert_of(changed(change, severity), POLICY, "Muster has done nothing")
    assert told is not None
    return told


def test_an_alert_says_what_an_incident_is() -> None:
    assert alert("opened") == Alert(
        model="shop.prices",
        team="shop",
        kind="opened",
        severity=Severity.CRITICAL,
        subject="unit changed",
        sentence="temp is 100 times as large",
        since=AT,
        doing="Muster has done nothing",
        owners=("shop@example.com",),
        incident="unit_changed@x",
    )


def test_that_an_incident_goes_on_is_no_news() -> None:
    assert alert_of(changed("extended"), POLICY, "nothing") is None


@pytest.mark.parametrize(
    ("change", "severity", "told", "channels"),
    [
        ("opened", Severity.CRITICAL, (), ("on-call", "team")),
        ("opened", Severity.HIGH, (), ("team",)),
        ("opened", Severity.LOW, (), ()),
        ("escalated", Severity.CRITICAL, ("team",), ("on-call", "team")),
        ("escalated", Severity.HIGH, ("chat",), ("team", "chat")),
        ("corrected", Severity.HIGH, ("on-call",), ("team", "on-call")),
        ("resolved", Severity.CRITICAL, (), ()),
        ("resolved", Severity.CRITICAL, ("team", "chat"), ("chat", "team")),
    ],
)
def test_the_tier_chooses_the_channels_and_who_heard_once_hears_the_end(
    change: Any, severity: Severity, told: tuple[str, ...], channels: tuple[str, ...]
) -> None:
    assert channels_for(alert(change, severity), ROUTES, told) == channels


def test_a_message_per_channel_can_be_read_back() -> None:
    told = alert("opened")
    one, other = sends(told, "opened x", ("on-call", "team"))
    assert (one.key, other.key) == ("tell on-call: opened x", "tell team: opened x")
    assert (one.kind, one.automation, one.queue) == ("send", "act", "on-call: unit_changed@x")
    assert alert_in(one.content) == ("on-call", told)


@pytest.mark.parametrize(
    ("automations", "said"),
    [
        ((), "Muster has done nothing"),
        (("act",), "Muster will retrain"),
        (("propose",), "Muster proposes to retrain"),
        (("observe", "act"), "Muster only observes, else it would retrain; Muster will retrain"),
    ],
)
def test_what_is_done_is_said_by_the_automation(automations: tuple[Any, ...], said: str) -> None:
    wanted = [Intent("a.b", str(n), "retrain", "retrain", automation=a) for n, a in enumerate(automations)]
    assert doing(Response((*wanted, *sends(alert("opened"), "x", ("team",))))) == said


def test_what_is_withheld_is_said_with_its_reason() -> None:
    looks = Intent("a.b", "look", "shadow", "compare")
    said = "Muster does not retrain: an outage is mended, not learned"
    assert doing(Response((looks,), (Withheld("retrain", "an outage is mended, not learned"),))) == said


def test_a_team_routes_for_its_models_and_a_model_for_itself(tmp_path: Path) -> None:
    write(tmp_path, "pricing/team.yaml", "routes: {critical: [on-call], low: [chat]}\nteam: pricing\n")
    write(tmp_path, "pricing/bike.yaml", GOOD)
    write(tmp_path, "pricing/own.yaml", GOOD.replace("bike", "own") + "routes: {high: [own]}\n")
    fleet = load_policies([tmp_path])
    fleet.raise_for_faults()
    bike, own = (loaded.policy for loaded in fleet.policies)
    assert bike.routes == Routes(critical=("on-call",), low=("chat",))
    assert own.routes == Routes(high=("own",))
    assert "critical: [on-call]  # default of the team" in show(bike)
    (tmp_path / "pricing" / "team.yaml").unlink()
    write(tmp_path, "pricing/bike.yaml", show(bike))
    shown = next(
        each.policy for each in load_policies([tmp_path]).policies if each.policy.model == bike.model
    )
    assert shown == bike
    faults = [
        str(fault) for fault in unknown_channels(load_policies([tmp_path]).policies, {"on-cal", "chat"})
    ]
    assert len(faults) == 2
    assert (
        "routes.critical: no channel 'on-call' is defined in the settings, did you mean on-cal?" in faults[0]
    )


def test_a_channel_is_named_not_defined_in_a_policy(tmp_path: Path) -> None:
    text = GOOD + "routes: {critical: [https://hooks.example.com/T0/secret]}\n"
    write(tmp_path, "pricing/bike.yaml", text)
    (fault,) = load_policies([tmp_path]).faults
    assert "is not a channel's name" in str(fault)
