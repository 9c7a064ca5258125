"""A rollback is rehearsed on the newest rows; what would fail is a finding by day, and refused at night."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flows.rehearsing import ROWS, preflight, rehearse, rehearse_model
from flows.world import World
from policies.policy import Policy
from profiles.answers import Answers
from profiles.errors import RegistryUnavailable, ServiceFailed
from profiles.newest import flips
from registry import moves
from registry.adoption import adopt
from registry.moves import Unchanged, Wish
from registry.records import Actor, ModelVersion
from tests.fakes import DAY, START, loaded, policy, world, write_day

POLICY = policy(authority="muster")


def shifted(_: Policy, version: str, rows: pa.Table) -> Answers:
    return Answers(pc.add(rows.column("price"), float(version)).combine_chunks())


def failing(_: Policy, version: str, rows: pa.Table) -> Answers:
    raise ServiceFailed(f"version {version} cannot be loaded")


def half(_: Policy, version: str, rows: pa.Table) -> Answers:
    given = rows.column("price").to_pylist()
    return Answers(pa.array([value if i % 2 else None for i, value in enumerate(given)]))


def away(_: Policy, version: str, rows: pa.Table) -> Answers:
    raise RegistryUnavailable("the model registry did not answer")


@pytest.fixture
def opened(tmp_path: Path) -> World:
    for day in (0, 1, 2):
        write_day(tmp_path, day)
    made = world(tmp_path, START + 3 * DAY)
    digest = made.ledger.record_policy(POLICY, loaded(POLICY).source, at=START)
    adopt(POLICY, digest, made.versions, made.ledger, made.profiles, START)
    made.ledger.record_version(ModelVersion("shop.prices", "2", None, "models:/2"), (), START)
    return made


def promoted(opened: World) -> None:
    wish = Wish("p", Actor("ann", "person"), "better")
    request = moves.promote(opened.ledger.standing("shop.prices"), "2", wish)
    assert not isinstance(request, Unchanged)
    opened.ledger.move(request, START)


def test_a_version_answers_the_newest_rows_and_the_difference_is_told(opened: World) -> None:
    seen: list[pa.Table] = []

    def predict(asked: Policy, version: str, rows: pa.Table) -> Answers:
        seen.append(rows)
        return shifted(asked, version, rows)

    done = rehearse(POLICY, "1", opened, predict)
    assert done.ready
    assert done.flips is not None
    assert done.flips.moved == pytest.approx(1.0)
    assert seen[-1].num_rows == ROWS
    assert seen[-1].column("ts")[-1].as_py() == START + 3 * DAY - DAY / 240
    assert "on average 1 away from what was answered then" in done.sentence


@pytest.mark.parametrize(
    ("predict", "ready", "said"),
    [
        (failing, False, "cannot be loaded"),
        (half, False, "fails on 250 of the 500 newest rows"),
        (away, None, "could not be tried"),
    ],
)
def test_what_fails_is_not_ready_and_what_cannot_be_tried_is_neither(
    opened: World, predict: Callable[[Policy, str, pa.Table], Answers], ready: bool | None, said: str
) -> None:
    done = rehearse(POLICY, "1", opened, predict)
    assert done.ready is ready
    assert said in done.sentence
    fitness = preflight(opened, predict)(POLICY, "1")
    assert fitness.fit is ready


def test_not_ready_is_an_incident_that_the_next_good_rehearsal_ends(opened: World) -> None:
    assert rehearse_model(POLICY, opened, failing) is None  # nothing to go back to
    promoted(opened)
    rehearse_model(POLICY, opened, failing)
    rehearse_model(POLICY, opened, failing)
    (incident,) = opened.ledger.incidents("shop.prices", open_only=True)
    assert (incident.kind, incident.severity) == ("not_ready", "low")
    later = replace(opened, clock=lambda: START + 4 * DAY)
    rehearse_model(POLICY, later, away)
    assert len(opened.ledger.incidents("shop.prices", open_only=True)) == 1
    rehearse_model(POLICY, later, shifted)
    assert opened.ledger.incidents("shop.prices", open_only=True) == ()


def test_without_rows_nothing_can_be_tried(tmp_path: Path) -> None:
    assert rehearse(POLICY, "1", world(tmp_path, START), shifted).ready is None


def test_flipped_decisions_are_counted_among_those_that_both_gave() -> None:
    found = flips(pa.array([1, 0, 1, None]), pa.array([1, 1, None, 0]), classes=True)
    assert (found.rows, found.answered, found.flipped, found.moved) == (4, 2, 0.5, None)
