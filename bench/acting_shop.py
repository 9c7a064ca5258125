"""An installation of Muster with one model and two channels, as a process sees it that is to be killed.

Ledger, model registry, files and HTTP are real; fits and answers stay in the process. The clock is an
argument, so that leases end without waiting.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from flows.bodies import Bodies, Done, bodies_of
from flows.predicting import open_copies
from flows.reconciliation import reconcile
from flows.retraining import RetrainPorts, order_of, result_of, retrain
from flows.shadow import shadow
from flows.step import begin
from flows.telling import telling
from flows.watch import catch_up
from flows.world import World, open_world
from policies.load import Fleet, LoadedPolicy, load_policies
from policies.policy import Policy
from profiles.answers import Answers
from profiles.sketch import sketch
from profiles.window import Window
from registry.intent_records import RecordedIntent
from registry.ledger import Ledger
from registry.model_registry import AttachedBaseline, BaselineFacts, Candidate
from registry.records import ModelVersion
from registry.settings import Settings, load_settings
from registry.versions import MlflowVersions
from training.orders import FitOrder, Fitted

MODEL, CHAMPION, SPARE, CHALLENGER = "shop.prices", "1", "2", "3"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
# The minute and second at which every clock here stands: times that are taken from it can be told from
# those of windows and rows, which are of whole hours or of other minutes.
MARK = timedelta(minutes=7, seconds=13)
DAYS = 10
_ROWS = 150
_POLICY = """\
version: 1
model: shop.prices
task: regression
traffic: {path: "traffic/*.parquet", timestamp: ts, prediction: price, request_id: id}
labels: {path: "labels/*.parquet", label: paid, request_id: id, arrived_at: arrived, arrives_within: 1d}
cadence: 1d
authority: muster
automation: act
objectives: {performance: {metric: mae, at_most_worse_than_baseline: 10%}}
remediation: {recipe: {recent: [20d], minimum_rows: 500}, trainer: {at_most: 10m}, bake: {lasts: 30d}}
routes: {critical: [slack, hook], high: [slack, hook], low: [slack, hook]}
"""
_DELIVERY = "target: {webhook: env:STORY_TARGET, secret: env:STORY_SECRET}\n"


def settings_of(root: Path) -> Settings:
    """Return settings that keep everything below `root`."""
    channels = {
        "slack": {"kind": "slack", "url": "env:STORY_SLACK"},
        "hook": {"kind": "webhook", "url": "env:STORY_HOOK", "secret": "env:STORY_SECRET"},
    }
    return load_settings(
        {
            "MUSTER_STATE": str(root / "state"),
            "MUSTER_POLICIES": str(root / "policies"),
            "MUSTER_TRAFFIC_ROOT": str(root),
            "MUSTER_MLFLOW_URI": f"sqlite:///{root / 'mlflow.db'}",
            "MUSTER_MLFLOW_ARTIFACTS": str(root / "artifacts"),
            "MUSTER_CHANNELS": json.dumps(channels),
        },
        root,
    )


@dataclass(frozen=True)
class Shop:
    """An installation as one process sees it."""

    settings: Settings
    loaded: LoadedPolicy
    world: World

    @property
    def policy(self) -> Policy:
        """The model's policy."""
        return self.loaded.policy

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.world.ledger

    def tell(self) -> None:
        """Deliver what is due, as every flow that changes something does at its end."""
        with telling(self.world, self.settings, "a flow run", unseen) as deliver:
            deliver()

    def reconcile(self) -> None:
        """Finish what is due, as the scheduled run does."""
        bodies: Bodies = {
            **bodies_of(Fleet((self.loaded,), ()), self.settings),
            "retrain": partial(_retrained, self),
            "shadow": partial(_looked, self),
        }
        versions = MlflowVersions(self.settings.mlflow_uri, self.settings.mlflow_artifacts)
        fleet, copies = Fleet((self.loaded,), ()), open_copies(self.settings)
        reconcile(fleet, self.world, self.settings, bodies, versions, copies, show=unseen)

    def retrain_ports(self) -> RetrainPorts:
        """Fit and ask in this process; register in the real registry."""
        versions = MlflowVersions(self.settings.mlflow_uri, self.settings.mlflow_artifacts)
        return RetrainPorts(_fitted, self.predict, versions.register_new, versions.made_by, self.world.root)

    def predict(self, _policy: Policy, version: str, rows: pa.Table) -> Answers:
        """Answer with the version that lies in Muster's own copies."""
        import mlflow.sklearn

        files = open_copies(self.settings).files(MODEL, version)
        model = mlflow.sklearn.load_model(str(files.folder))
        return Answers(pa.array(model.predict(rows.select(["x"]).to_pandas())))


@contextmanager
def opened(root: Path, now: datetime) -> Iterator[Shop]:
    """Open the installation below `root`, with its clock standing at `now`."""
    settings = settings_of(root)
    (loaded,) = load_policies([root / "policies"]).policies
    world = replace(open_world(settings, lambda: now), flow_run="a flow run")
    with world.ledger:
        yield Shop(settings, loaded, world)


def make(root: Path) -> None:
    """Make the shop: two versions registered, the first one serves and has drifted for ten days."""
    team = root / "policies" / "shop"
    team.mkdir(parents=True)
    (team / "team.yaml").write_text("version: 1\nteam: shop\nowners: [shop@example.com]\n")
    (team / "prices.yaml").write_text(_POLICY)
    for day in range(DAYS):
        log(root, day)
    settings = settings_of(root)
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    from sklearn.linear_model import LinearRegression

    example = pd.DataFrame({"x": np.linspace(-3, 3, 50)})
    registered = []
    for slope, alias in ((10.0, "champion"), (21.0, None)):
        fitted = LinearRegression().fit(example, slope * example["x"])
        made = Candidate(MODEL, f"slope {slope}", fitted, example.head(3), (_baseline(),), {"mae": 1.0})
        registered.append(versions.register(made, alias=alias))
    with opened(root, START + DAYS * DAY + HOUR + MARK) as shop:
        catch_up(shop.loaded, shop.world)
        spare = registered[1]
        found = ModelVersion(MODEL, spare.version, spare.run_id, spare.source, spare.registered_at)
        shop.ledger.record_version(found, (), shop.world.clock())


def log(root: Path, day: int) -> None:
    """Write a day's requests as the champion answers them, 10 x, while 20 x comes true a day later.

    They begin at eight: a challenger that is made again in the night is compared on the same rows.
    """
    random = np.random.default_rng(day)
    times = [START + day * DAY + 8 * HOUR + row * 16 * HOUR / _ROWS for row in range(_ROWS)]
    x, noise = random.normal(size=_ROWS), random.normal(size=_ROWS)
    stamps, ids = pa.timestamp("us", "UTC"), [f"{day}-{row}" for row in range(_ROWS)]
    traffic = {"ts": pa.array(times, stamps), "id": ids, "x": x, "price": 10 * x}
    labels = {"id": ids, "paid": 20 * x + noise, "arrived": pa.array([at + DAY for at in times], stamps)}
    for folder, columns in (("traffic", traffic), ("labels", labels)):
        (root / folder).mkdir(exist_ok=True)
        pq.write_table(pa.table(columns), root / folder / f"{day:03}.parquet")


def _baseline() -> AttachedBaseline:
    x = np.random.default_rng(99).normal(size=2_000)
    period = Window(START - 10 * DAY, START)
    facts = BaselineFacts("default", "training", x.size, period, {"mae": 1.0})
    return AttachedBaseline(facts, sketch(pa.table({"x": x, "price": 10 * x}), at=period.start))


def _fitted(order: FitOrder) -> Fitted:
    """Fit here: what a child process does is tested elsewhere, and does not survive its parent."""
    import mlflow.sklearn
    from sklearn.linear_model import LinearRegression

    rows = order.rows.to_pandas()
    model = LinearRegression().fit(rows[["x"]], rows[order.label])
    answers = Answers(pa.array(model.predict(order.asked.to_pandas()[["x"]])))
    if order.folder.name != "challenger":
        return Fitted(None, answers)
    folder = order.folder / "model"
    signature = mlflow.models.infer_signature(pd.DataFrame({"x": [1.0]}), [1.0])
    mlflow.sklearn.save_model(model, str(folder), signature=signature, pip_requirements=["scikit-learn"])
    return Fitted(folder, answers)


def _retrained(shop: Shop, recorded: RecordedIntent, world: World) -> Done:
    ended = retrain(order_of(recorded), shop.loaded, world, shop.retrain_ports())
    event, sentence, result = result_of(ended)
    return Done(sentence, result, "failed" if event == "failed" else "done")


def _looked(shop: Shop, recorded: RecordedIntent, world: World) -> Done:
    current = world.ledger.current_policy(recorded.intent.model)
    assert current is not None  # noqa: S101 - watched since the beginning
    found = shadow(shop.policy, current.digest, world, shop.predict)
    return Done("; ".join(each.sentence for each in found) or "nobody contends")


def unseen(_line: str) -> None:
    """Show nothing."""


def delivered_by_webhook(shop: Shop) -> None:
    """Edit the policy: from now on a delivery of the shop's own takes orders, by a webhook."""
    (shop.world.root / "policies" / "shop" / "prices.yaml").write_text(_POLICY + _DELIVERY)
    (edited,) = load_policies([shop.world.root / "policies"]).policies
    begin(edited.policy, edited.source, shop.world)
