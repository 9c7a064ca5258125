"""One model's life in simulated time: real files, ledger and steps; versions and who fits them are fakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.moving import MOVES, carry
from flows.shadow import Followed, shadow
from flows.watch import catch_up
from flows.world import World
from policies.intents import Intent
from policies.policy import Policy
from profiles.answers import Answers
from profiles.errors import MoveRefused
from registry import moves
from registry.intent_records import Claim, RecordedIntent
from registry.moves import Unchanged, Wish
from registry.records import Actor, ModelVersion, RegisteredBaseline
from tests.fakes import DAY, START, loaded, policy, rows_of, world

MODEL = "shop.prices"
MUSTER, ANN = Actor("muster", "muster"), Actor("ann", "person")
ROWS = 240
_HOUR = timedelta(hours=1)

# A version's answers, or what came true, from the column x.
Answer = Callable[[Any], Any]


def acting(**changes: Any) -> Policy:
    """The made-up model under a policy that lets Muster act."""
    return policy(**{"automation": "act", "authority": "muster", **changes})


@dataclass
class Loop:
    """A model under watch.

    `truth` says per day what came true; of the days `gone` most rows were lost, of those `spoilt` the inputs.
    """

    root: Path
    policy: Policy = field(default_factory=acting)
    answers: dict[str, Answer] = field(default_factory=lambda: {"1": lambda x: 10 * x})
    truth: Callable[[int], Answer] = lambda _day: lambda x: 10 * x
    gone: frozenset[int] = frozenset()
    spoilt: frozenset[int] = frozenset()
    split: bool = False
    fitted: Mapping[str, Answer] = field(default_factory=dict)
    day: int = 0
    looks: list[tuple[int, Followed]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = world(self.root, START)
        self.ledger = self.world.ledger

    def at(self, now: datetime) -> World:
        return replace(self.world, clock=lambda: now)

    @property
    def now(self) -> World:
        """The world at the moment at which a schedule watches the last day."""
        return self.at(START + self.day * DAY + _HOUR)

    def days(self, until: int) -> None:
        """Live until a day's rows are logged, watched and answered."""
        while self.day < until:
            self.write(self.day)
            self.day += 1
            self.watch()

    def watch(self) -> None:
        """Watch what is due and carry out what that asks for, and what that asks for."""
        catch_up(loaded(self.policy), self.now)
        self.carry_out()

    def write(self, day: int) -> None:
        """Log a day's requests as whoever serves answers them, and their outcomes."""
        table, labels = rows_of(day, ROWS)
        true_x = x = table.column("x").to_numpy()
        if day in self.spoilt:
            x = np.full(ROWS, np.nan)
            nothing = pa.nulls(ROWS, pa.float64())
            table = table.set_column(table.schema.get_field_index("x"), "x", nothing)
        assignment = self.ledger.assignment(MODEL)
        champion = "1" if assignment is None else str(assignment.champion)
        by, price = np.full(ROWS, champion, dtype=object), self.answers[champion](x)
        if assignment is not None and assignment.challenger is not None:
            canary = np.arange(ROWS) % 10 < 10 * assignment.weight
            by[canary], price = (
                assignment.challenger,
                np.where(canary, self.answers[assignment.challenger](x), price),
            )
        if self.split:
            table = table.append_column("by", pa.array(by))
        table = table.set_column(table.schema.get_field_index("price"), "price", pa.array(price))
        noise = np.random.default_rng(day).normal(0, 1, ROWS)
        truth = pa.array(self.truth(day)(true_x) + noise)
        labels = labels.set_column(labels.schema.get_field_index("paid"), "paid", truth)
        for folder, rows in (("traffic", table), ("labels", labels)):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            rows = rows.slice(0, 5) if day in self.gone else rows  # noqa: PLW2901
            pq.write_table(rows, self.root / folder / f"{day:03}.parquet")

    def predict(self, _policy: Policy, version: str, rows: pa.Table) -> Answers:
        assert "label" not in rows.schema.names
        self.asked.append(version)
        return Answers(pa.array(self.answers[version](rows.column("x").to_numpy())))

    def carry_out(self) -> None:
        """Carry out every intent that is due, as reconcile would."""
        kinds = ("retrain", "shadow", "promote", *MOVES)
        opened = self.now
        while True:
            # The lease is over at once, so that what a killed worker held can be taken over.
            claim = self.ledger.claim("test", opened.clock(), opened.clock(), kinds)
            if claim is None:
                return
            try:
                said, result = self._body(claim, opened)
                self.ledger.end(claim, "done", opened.clock(), said, result)
            except MoveRefused as refused:
                self.ledger.end(claim, "failed", opened.clock(), str(refused))

    def _body(self, claim: Claim, opened: World) -> tuple[str, dict[str, Any]]:
        intent = claim.intent
        if intent.kind == "retrain":
            return self._retrain(intent, opened)
        if intent.kind == "shadow":
            recorded = self.ledger.current_policy(MODEL)
            assert recorded is not None
            found = shadow(self.policy, recorded.digest, opened, self.predict, can_split=self.split)
            self.looks += [(self.day, each) for each in found]
            return "; ".join(each.sentence for each in found), {}
        if intent.kind == "promote":
            self.promote(str(intent.content["version"]), MUSTER, intent.key)
            return "promoted", {}
        return carry(RecordedIntent(intent, claim.recorded_at, "claimed"), self.policy, opened), {}

    def _retrain(self, intent: Intent, opened: World) -> tuple[str, dict[str, Any]]:
        """Offer the next of the fitted versions; without one nothing better was found."""
        version = next((each for each in self.fitted if each not in self.answers), None)
        if version is None:
            return "no better", {}
        self.offer(version, self.fitted[version], MUSTER, intent.key)
        return f"version {version}", {"version": version}

    def offer(self, version: str, answer: Answer, actor: Actor = ANN, key: str = "by hand") -> None:
        self.register(version, answer)
        request = moves.start_shadow(
            self.ledger.standing(MODEL), version, Wish(f"shadow by {key}", actor, "new")
        )
        self.ledger.move(request, self.now.clock())

    def register(self, version: str, answer: Answer) -> None:
        at = self.now.clock()
        known = self.ledger.baseline(MODEL, "1")
        assert known is not None
        made = ModelVersion(MODEL, version, None, f"models:/{version}", at)
        bound = RegisteredBaseline(MODEL, version, known.profile_digest, known.rows, scores=known.scores)
        self.ledger.record_version(made, [bound], at)
        self.answers[version] = answer

    def promote(self, version: str, actor: Actor = ANN, key: str = "by hand") -> None:
        opened = self.now
        wish = Wish(f"promote {version} by {key}", actor, "better")
        until = opened.clock() + self.policy.remediation.bake.lasts
        request = moves.promote(self.ledger.standing(MODEL), version, wish, bake_until=until)
        if not isinstance(request, Unchanged):
            self.ledger.move(request, opened.clock())

    @property
    def told(self) -> list[str]:
        """What happened to who serves, in order."""
        return [t.kind for t in self.ledger.transitions(MODEL)]

    def intents(self, *kinds: Any) -> list[tuple[str, str]]:
        return [(each.intent.key, each.status) for each in self.ledger.intents(MODEL, kinds or None)]
