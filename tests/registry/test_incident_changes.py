"""What happened to incidents can be asked for, with the time at which it was recorded."""

from typing import Any

from policies.verdict import Status
from registry.ledger import Ledger

BREACHED, MET = Status.BREACHED, Status.MET


def test_changes_come_in_the_order_of_recording_with_the_incident_as_it_was_then(
    known: Ledger, facts: Any
) -> None:
    digest = known.record_policy(facts.policy(), "model: ...", facts.at(0))
    for day, status in enumerate((MET, BREACHED, BREACHED, BREACHED, MET)):
        known.record_window(facts.reading(day), facts.verdict(day, status), digest, facts.at(day + 1.5))
    found = known.incident_changes(facts.model)
    assert [(at, change.change) for at, change in found] == [
        (facts.at(3.5), "opened"),
        (facts.at(4.5), "extended"),
        (facts.at(5.5), "resolved"),
    ]
    assert [change.after.windows for _, change in found][:2] == [2, 3]
    assert found[-1][1].after.resolved is not None
    assert known.incident_changes("somebody.else") == ()
