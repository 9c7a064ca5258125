"""Races between processes: promotions lose politely, rollbacks never, and no intent is carried out twice."""

import multiprocessing
from itertools import pairwise

import pytest

from registry.ledger import Ledger
from registry.succession import earlier_champions
from tests.fakes import policy
from tests.races import AT, Raced, claim_all, known, prepare, race, retrainings

RACES = 100


@pytest.fixture
def raced(request: pytest.FixtureRequest, ledger_url: str) -> tuple[str, list[Raced]]:
    prepare(ledger_url, RACES)
    return ledger_url, race(ledger_url, request.param, RACES)


def check_the_ledger(url: str) -> None:
    """One transition per revision, each from where the one before led to, and every chain whole."""
    with Ledger.open(url) as ledger:
        assert ledger.verify().sound
        for model in ledger.models():
            transitions = ledger.transitions(model.model)
            assert [t.revision for t in transitions] == list(range(1, len(transitions) + 1))
            assert all(b.before == a.after for a, b in pairwise(transitions))


def check_promotions(url: str, ended: list[Raced], races: int) -> None:
    """Of two promotions one wins, and the other is told what happened instead."""
    assert len(ended) == 2 * races
    for nth in range(races):
        won, lost = sorted((r for r in ended if r.race == nth), key=lambda r: not r.won)
        assert (won.won, lost.won) == (True, False)
        assert f"made version {won.champion} serve" in lost.told
    check_the_ledger(url)


def check_rollbacks(url: str, ended: list[Raced], races: int) -> int:
    """The rollback always ends with the earlier champion; return how often the promotion came first."""
    assert len(ended) == 2 * races
    lost = 0
    with Ledger.open(url) as ledger:
        transitions = {m.model: ledger.transitions(m.model) for m in ledger.models()}
    for nth in range(races):
        promoted, restored = sorted((r for r in ended if r.race == nth), key=lambda r: r.act)
        assert restored.won
        history = transitions[restored.model]
        before = history[: restored.revision - 1]
        assert (
            restored.champion == earlier_champions(before)[0] == history[restored.revision - 1].after.champion
        )
        if promoted.won:
            assert promoted.revision == restored.revision - 1
            assert before[-1].before is not None
            assert restored.champion == before[-1].before.champion
        else:
            lost += 1
            assert "rolled_back by ann" in promoted.told
    check_the_ledger(url)
    return races - lost


@pytest.mark.parametrize("raced", [("promote", "promote")], indirect=True)
def test_of_two_promotions_at_once_one_wins_and_the_other_is_told_why(raced: tuple[str, list[Raced]]) -> None:
    check_promotions(*raced, RACES)


@pytest.mark.parametrize("raced", [("promote", "roll_back")], indirect=True)
def test_a_rollback_that_races_a_promotion_ends_with_the_earlier_champion(
    raced: tuple[str, list[Raced]],
) -> None:
    promoted_first = check_rollbacks(*raced, RACES)
    assert 0 < promoted_first < RACES, "the races were none: always the same one came first"


def test_two_reconcilers_never_carry_out_the_same_intent(ledger_url: str) -> None:
    with Ledger.open(ledger_url) as ledger:
        known(ledger, policy())
        ledger.record_intents(retrainings(policy().model, 60), None, AT)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.SimpleQueue()
    workers = [
        context.Process(target=claim_all, args=(ledger_url, name, barrier, results))
        for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
    done = [results.get(), results.get()]
    for worker in workers:
        worker.join()
    assert sorted(done[0] + done[1]) == sorted(intent.key for intent in retrainings("", 60))
    assert all(done), "one had nothing to do"
    with Ledger.open(ledger_url) as ledger:
        assert ledger.verify().sound
        assert {each.status for each in ledger.intents(kinds=("retrain",))} == {"done"}
