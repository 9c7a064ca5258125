"""A rollback, promotion or approval that is killed anywhere and repeated ends as if nobody was killed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.carrying_out import CARRIED, LEASE, Rollout, claimed, follow, settle
from flows.promoting import PROMOTIONS, approve, chosen, promote, promote_intended, proposals
from flows.rolling_back import policy_of, roll_back
from flows.world import World
from policies.intents import Intent
from profiles.effects import effect, observed
from profiles.errors import MoveRefused
from registry import moves
from registry.acting import nothing
from registry.adoption import adopt
from registry.moves import Unchanged, Wish
from registry.records import Actor, ModelVersion
from serving.targets import ABILITIES, Abilities, Order
from tests.crash import KILLED, in_child, killed_at
from tests.fakes import DAY, START, loaded, policy, world

pytestmark = pytest.mark.xdist_group("crash")

MODEL = "shop.prices"
ANN = Actor("ann", "person")
NOW = START + 10 * DAY
LATER = NOW + timedelta(hours=1)  # than any lease of who was killed


@dataclass(frozen=True)
class FileTarget:
    """A target that outlives a process: the version stands in a file."""

    file: Path

    @property
    def can(self) -> Abilities:
        return ABILITIES["command"]

    def carry_out(self, order: Order, at: datetime) -> str:
        with effect("target file"):
            self.file.write_text(order.champion)
        return f"version {order.champion} was told"


def rollout(root: Path) -> Rollout:
    return Rollout(lambda _: FileTarget(root / "serves"), lambda _: None)


def at(root: Path, now: datetime = NOW) -> World:
    return world(root, now)


def _promoted(root: Path) -> None:
    opened = at(root)
    promote(MODEL, "2", ANN, "better", opened, rollout(root))
    opened.ledger.close()


def _proposed(root: Path) -> None:
    opened = at(root)
    request = moves.start_shadow(opened.ledger.standing(MODEL), "2", Wish("s", ANN, "try"))
    assert not isinstance(request, Unchanged)
    opened.ledger.move(request, NOW, then=nothing)
    intent = Intent(MODEL, "promote 2", "promote", "promote version 2", {"version": "2"}, "propose")
    opened.ledger.record_intents([intent], None, NOW)
    opened.ledger.close()


def _roll_back(root: Path, now: datetime) -> None:
    opened = at(root, now)
    roll_back(MODEL, ANN, "worse", opened, rollout(root))
    opened.ledger.close()


def _promote(root: Path, now: datetime) -> None:
    opened = at(root, now)
    promote(MODEL, "2", ANN, "better", opened, rollout(root))
    opened.ledger.close()


def _approve(root: Path, now: datetime) -> None:
    """Approve what waits; once it does not any more, whoever reconciles has the rest to do."""
    opened = at(root, now)
    if proposals(opened):
        approve(chosen(opened, ""), ANN, "looks well", opened, rollout(root))
    while (claim := opened.ledger.claim("r", now, now + LEASE, PROMOTIONS, MODEL)) is not None:
        settle(claim, promote_intended(claimed(claim), policy_of(MODEL, opened), opened), opened)
    follow(MODEL, policy_of(MODEL, opened), opened, rollout(root), "r")
    opened.ledger.close()


@dataclass(frozen=True)
class Act:
    name: str
    before: Callable[[Path], None]
    act: Callable[[Path, datetime], None]
    kind: str
    champion: str


ACTS = (
    Act("rollback", _promoted, _roll_back, "rolled_back", "1"),
    Act("promotion", lambda _: None, _promote, "promoted", "2"),
    Act("approval", _proposed, _approve, "promoted", "2"),
)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_killed_anywhere_and_repeated_there_is_one_transition_and_the_target_follows(
    act: Act, tmp_path: Path
) -> None:
    prepared, root = tmp_path / "prepared", tmp_path / "root"
    opened = at(prepared, START)
    plain = policy(authority="muster")
    digest = opened.ledger.record_policy(plain, loaded(plain).source, at=START)
    adopt(plain, digest, opened.versions, opened.ledger, opened.profiles, START)
    opened.ledger.record_version(ModelVersion(MODEL, "2", None, "models:/2"), (), START)
    opened.ledger.close()
    act.before(prepared)
    shutil.copytree(prepared, root)
    points: list[str] = []
    with observed(points.append):
        act.act(root, NOW)
    assert any("target" in point for point in points)
    for nth in range(len(points)):
        shutil.rmtree(root)
        shutil.copytree(prepared, root)
        with observed(killed_at(nth)):
            assert in_child(lambda: act.act(root, NOW)) == KILLED
        assert in_child(lambda: act.act(root, LATER)) == 0, points[nth]
        _is_as_it_should_be(act, root, LATER, points[nth])


def _is_as_it_should_be(act: Act, root: Path, later: datetime, point: str) -> None:
    left = at(root, later)
    now = left.ledger.assignment(MODEL)
    assert now is not None
    assert now.champion == act.champion == (root / "serves").read_text(), point
    assert [each.kind for each in left.ledger.transitions(MODEL)].count(act.kind) == 1, point  # type: ignore[arg-type]
    assert left.ledger.intents(MODEL, CARRIED, open_only=True) == (), point
    assert proposals(left) == (), point
    assert left.ledger.verify().sound, point
    left.ledger.close()


def test_a_second_promotion_of_the_same_version_is_nothing_new(tmp_path: Path) -> None:
    opened = at(tmp_path)
    with pytest.raises(Exception, match="knows no model"):
        promote(MODEL, "2", ANN, "better", opened, rollout(tmp_path))
    with pytest.raises(MoveRefused, match="nothing waits"):
        chosen(opened, "")
    opened.ledger.close()
