"""Facts to record: small, whole values that differ where a test says so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.policy import Drift, Freshness, Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.layout import LabelLayout, TrafficLayout
from profiles.reading import Arrivals, BaselineRef, Labels, Reading, Score
from profiles.window import Cadence, Window
from registry.ledger import Ledger
from registry.records import ModelVersion, RegisteredBaseline, TransitionRequest

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MODEL = "pricing.bike-demand"


class Facts:
    """Values about one model, by the number of a day; `fill` records a little of everything."""

    model = MODEL
    start = START

    def at(self, day: float) -> datetime:
        return START + day * DAY

    def window(self, day: int) -> Window:
        return Window(self.at(day), self.at(day + 1))

    def policy(self, **changes: Any) -> Policy:
        policy = Policy(
            model=MODEL,
            team="pricing",
            registered_as=MODEL,
            alias="champion",
            task="regression",
            owners=("ann",),
            traffic=TrafficLayout("logs/*.parquet", "parquet", "ts", "demand", request_id="id"),
            labels=LabelLayout("labels/*.parquet", "parquet", "cnt", "id", 7 * DAY),
            cadence=Cadence("1d"),
            allowed_lateness=timedelta(hours=1),
            minimum_rows=80,
            authority="external",
            automation="observe",
            freshness=Freshness(timedelta(hours=2), Severity.CRITICAL),
            volume=None,
            quality=None,
            drift=Drift(0.1, 0.25, 0.1, 0.3, Severity.HIGH),
            performance=None,
        )
        return replace(policy, **changes)

    def reading(self, day: int, mae: float | None = None, **changes: Any) -> Reading:
        window = self.window(day)
        reading = Reading(
            model=MODEL,
            window=window,
            version="1",
            arrivals=Arrivals(
                480, window.start, window.end - timedelta(minutes=3), timedelta(minutes=9), window.start
            ),
            profile=f"sha256:{day:064x}",
            baseline=BaselineRef("default", f"sha256:{7:064x}", 9000, 0.01, {"mae": 40.5}),
            labels=Labels(480, 1.0, mae is not None),
            scores={} if mae is None else {"mae": Score(mae, 480, 0.5)},
        )
        return replace(reading, **changes)

    def verdict(self, day: int, status: Status = Status.MET, **changes: Any) -> Verdict:
        severity = Severity.HIGH if status is Status.BREACHED else None
        finding = Finding("drift", "temp has moved", status, Severity.HIGH, 0.4, 0.25, 480, column="temp")
        objective = ObjectiveVerdict(
            "drift", status, "as it is", severity, () if severity is None else (finding,)
        )
        return replace(Verdict(MODEL, self.window(day), status, severity, (objective,)), **changes)

    def version(self, version: str, **changes: Any) -> ModelVersion:
        known = ModelVersion(MODEL, version, f"run-{version}", f"models:/{MODEL}/{version}", START)
        return replace(known, **changes)

    def baseline(self, version: str, **changes: Any) -> RegisteredBaseline:
        period = Window(START - 30 * DAY, START)
        bound = RegisteredBaseline(
            MODEL, version, f"sha256:{7:064x}", 9000, period=period, scores={"mae": 40.5}
        )
        return replace(bound, **changes)

    def request(self, seen: int, champion: str | None, **changes: Any) -> TransitionRequest:
        request = TransitionRequest(
            model=MODEL,
            seen_revision=seen,
            key=f"adopt {champion} after {seen}",
            kind="adopted",
            actor="external",
            actor_kind="registry",
            reason=f"the alias names version {champion}",
            champion=champion,
            evidence={"alias": "champion"},
        )
        return replace(request, **changes)

    def fill(self, ledger: Ledger, late: timedelta = timedelta(0), flow_run: str = "run") -> str:
        """Record one policy, two versions, a promotion and three windows; return the policy's digest."""
        digest = ledger.record_policy(self.policy(), "model: ...", self.at(0) + late)
        for version in ("1", "2"):
            ledger.record_version(self.version(version), [self.baseline(version)], self.at(0) + late)
        ledger.transit(self.request(0, "1"), self.at(0) + late)
        promotion = self.request(1, "2", previous="1", kind="promoted", key="promote 2")
        ledger.transit(promotion, self.at(2) + late)
        for day in range(3):
            ledger.record_window(
                self.reading(day), self.verdict(day), digest, self.at(day + 1.5) + late, self.at(9), flow_run
            )
        ledger.record_window(self.reading(0), self.verdict(0), digest, self.at(10) + late, self.at(9))
        return digest


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger, once on SQLite and once on PostgreSQL."""
    with Ledger.open(ledger_url) as opened:
        yield opened


@pytest.fixture
def known(ledger: Ledger, facts: Facts) -> Ledger:
    """A ledger that knows the model's policy and the versions 1 and 2."""
    ledger.record_policy(facts.policy(), "model: ...", facts.at(0))
    for version in ("1", "2"):
        ledger.record_version(facts.version(version), [facts.baseline(version)], facts.at(0))
    return ledger
