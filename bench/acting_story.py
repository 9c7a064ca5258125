"""One model's story from drift to recovery and back, told with real parts, to be killed anywhere.

A challenger is made, compared, promoted, rolled back by hand, promoted by hand, approved, and rolled back by
Muster, with messages to Slack and a webhook all the while.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench.acting_remains import TAKEN, remains
from bench.acting_shop import (
    CHALLENGER,
    DAY,
    DAYS,
    HOUR,
    MARK,
    MODEL,
    SPARE,
    START,
    Shop,
    delivered_by_webhook,
    log,
    make,
    opened,
)
from bench.killing import in_child
from bench.receiver import receiving
from bench.stage import Chapter, Stage, Story
from flows.promoting import approve, chosen, promote, proposals
from flows.retrain_waiting import retrain_waiting
from flows.rolling_back import roll_back
from flows.rollout import open_rollout
from flows.watch import catch_up
from policies.intents import Intent
from registry import moves
from registry.acting import nothing
from registry.moves import Wish
from registry.records import Actor, TransitionRequest
from registry.versions import MlflowVersions

_ANN = Actor("ann", "person")


def _quiet(_shop: Shop) -> None:
    """Nothing happens before a chapter."""


def _retraining(shop: Shop) -> None:
    retrain_waiting(shop.loaded, shop.world, shop.retrain_ports(), "a flow run")
    shop.tell()


def _days_pass(shop: Shop) -> None:
    for day in range(DAYS, DAYS + 3):
        log(shop.world.root, day)
    catch_up(shop.loaded, shop.world)


def _slack_dies(shop: Shop) -> None:
    (shop.world.root / "slack").write_text("503")


def _rolling_back(shop: Shop) -> None:
    roll_back(MODEL, _ANN, "worse", shop.world, open_rollout(shop.settings))
    shop.tell()


def _unfrozen(shop: Shop) -> None:
    _slack_answers(shop)
    _moved(shop, moves.unfreeze(shop.ledger.standing(MODEL), Wish("unfreeze", _ANN, "it was not")))


def _slack_answers(shop: Shop) -> None:
    (shop.world.root / "slack").unlink()


def _promoting(shop: Shop) -> None:
    promote(MODEL, CHALLENGER, _ANN, "better after all", shop.world, open_rollout(shop.settings))
    shop.tell()


def _proposed(shop: Shop) -> None:
    delivered_by_webhook(shop)
    _moved(shop, moves.start_shadow(shop.ledger.standing(MODEL), SPARE, Wish("try", _ANN, "try")))
    content = {"version": SPARE}
    intent = Intent(MODEL, f"promote {SPARE}", "promote", f"promote version {SPARE}", content, "propose")
    shop.ledger.record_intents([intent], None, shop.world.clock())


def _approving(shop: Shop) -> None:
    """Approve what waits; once it does not any more, whoever reconciles has the rest to do."""
    if proposals(shop.world):
        approve(chosen(shop.world, ""), _ANN, "looks well", shop.world, open_rollout(shop.settings))
    shop.reconcile()


def _turned_bad(shop: Shop) -> None:
    content = {"version": SPARE, "opponent": CHALLENGER, "why": "its loss is higher"}
    wanted = Intent(MODEL, f"roll back {SPARE}", "roll_back", f"roll version {SPARE} back", content)
    shop.ledger.record_intents([wanted], None, shop.world.clock())


def _moved(shop: Shop, request: object) -> None:
    assert isinstance(request, TransitionRequest)  # noqa: S101 - so the story goes
    shop.ledger.move(request, shop.world.clock(), then=nothing)


def _chapter(
    name: str,
    day: int,
    runs: Callable[[Shop], None],
    happens: Callable[[Shop], None] = _quiet,
    later: timedelta = HOUR,
) -> Chapter:
    """Return a chapter of a day; `later` is more than any lease that a killed process leaves."""
    at = START + day * DAY + 2 * HOUR + MARK

    def before(root: Path) -> None:
        with opened(root, at - HOUR) as shop:
            happens(shop)

    def run(root: Path, number: int) -> None:
        with opened(root, at + number * later) as shop:
            runs(shop)

    return Chapter(name, before, run)


CHAPTERS = (
    _chapter("retrain", 10, _retraining, later=2 * HOUR),
    _chapter("shadow", 13, Shop.reconcile, _days_pass),
    _chapter("rollback", 15, _rolling_back, _slack_dies),
    _chapter("promote", 17, _promoting, _unfrozen),
    _chapter("approval", 19, _approving, _proposed),
    _chapter("send", 21, Shop.reconcile, _turned_bad),
)


@contextmanager
def told_in(folder: Path) -> Iterator[Stage]:
    """Tell the story undisturbed in an empty folder and yield its stage, while messages are received."""
    stage = Stage(Story(CHAPTERS, remains), folder / "warm")

    def answer(path: str, _headers: Mapping[str, str], body: bytes) -> tuple[int, str, Mapping[str, str]]:
        if path == "/slack" and (stage.root / "slack").exists():
            return 503, "no", {}
        with (stage.root / TAKEN).open("a") as taken:
            taken.write(json.dumps([path, json.loads(body)]) + "\n")
        return 200, "ok", {}

    with receiving(answer) as url, _environment(url):
        stage.root.mkdir()
        empty = _migrated(folder)
        shutil.copy(empty, stage.root / "mlflow.db")
        # Once in this process, away from the stage, so that its forks find everything imported.
        make(stage.root)
        for chapter in CHAPTERS:
            chapter.happens(stage.root)
            chapter.run(stage.root, 0)
        stage.root = folder / "root"
        stage.root.mkdir()
        shutil.copy(empty, stage.root / "mlflow.db")
        if in_child(lambda: make(stage.root)) != 0:
            raise ChildProcessError("the story does not begin")
        stage.tell()
        yield stage


def _migrated(folder: Path) -> Path:
    """Make an empty store of MLflow's, which costs seconds, to be copied."""
    empty = folder / "mlflow.db"
    empty.touch()  # only a store that is there is asked, and an empty one is migrated
    MlflowVersions(f"sqlite:///{empty}").served("nobody", "champion")
    return empty


@contextmanager
def _environment(url: str) -> Iterator[None]:
    paths = {f"STORY_{path.upper()}": f"{url}/{path}" for path in ("slack", "hook", "target")}
    secrets = {**paths, "STORY_SECRET": "of the story"}
    os.environ.update(secrets)
    try:
        yield
    finally:
        for name in secrets:
            del os.environ[name]
