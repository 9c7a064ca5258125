"""The backtests of the real sets share one policy, but for columns, cadence, metric and delay."""

from dataclasses import replace

import pytest
import yaml

from demo.backtests.sets import POLICIES, RECORDINGS, Recording
from flows.backtest_world import estimator_of
from policies.defaults import COMPARE_EVERY
from policies.load import load_policies
from policies.policy import Policy
from policies.remediation import Remediation, Retrain


def policies() -> dict[str, Policy]:
    """Every policy of the folder, by the name of its recording."""
    fleet = load_policies([POLICIES])
    fleet.raise_for_faults()
    by_path = {each.path: each.policy for each in fleet.policies}
    return {name: by_path[each.policy] for name, each in RECORDINGS.items()}


def test_every_file_has_its_recording() -> None:
    found = {path for path in POLICIES.glob("*/*.yaml") if path.name != "team.yaml"}
    assert found == {each.policy for each in RECORDINGS.values()}


def test_files_differ_in_columns_cadence_metric_and_delay_only() -> None:
    alike = set()
    first = policies()["bike"]
    for policy in policies().values():
        assert policy.performance is not None
        assert first.performance is not None
        limits = replace(policy.performance, metric=first.performance.metric)
        # How late rows may be, and how soon a new version has to be seen, follows from the cadence.
        same = replace(
            policy,
            **{
                name: getattr(first, name)
                for name in (
                    "model",
                    "team",
                    "owners",
                    "registered_as",
                    "task",
                    "traffic",
                    "labels",
                    "cadence",
                )
            },
            allowed_lateness=first.allowed_lateness,
            late_rows=first.late_rows,
            target=first.target,
            performance=limits,
        )
        alike.add(repr(replace(same, filled=(), filled_by_team=())))
    assert len(alike) == 1


def test_whatever_else_holds_is_what_muster_does_when_nobody_says_otherwise() -> None:
    acting = Remediation(retrain=Retrain(compare_every=COMPARE_EVERY))
    assert {name: each.remediation for name, each in policies().items()} == dict.fromkeys(RECORDINGS, acting)
    for each in RECORDINGS.values():
        written = yaml.safe_load(each.policy.read_text())
        assert set(written) == {
            *("version", "model", "task", "traffic", "labels", "cadence", "objectives", "automation")
        }
        assert list(written["objectives"]) == ["performance"]
        assert set(written["objectives"]["performance"]) == {"metric", "at_most_worse_than_baseline"}


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_every_recording_names_an_estimator_that_can_be_made(recording: Recording) -> None:
    assert hasattr(estimator_of(recording.estimator), "fit")
