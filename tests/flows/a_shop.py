"""A shop whose own service answers under load, with two registered versions and Muster beside it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from flows.apply import carry_out, plan
from flows.carrying_out import Rollout
from flows.deployments import deployments_for
from flows.predicting import keep, open_copies
from flows.promoting import promote
from flows.rollout import open_rollout
from flows.step import begin
from flows.world import World, open_world
from policies.load import load_policies
from policies.release import Contest, Move, intent_of
from registry import moves
from registry.model_registry import Candidate
from registry.moves import Wish
from registry.records import Actor, ModelVersion, RegisteredBaseline
from registry.settings import Settings, load_settings
from registry.versions import MlflowVersions

CHECKOUT = Path(__file__).resolve().parents[2]
MODEL = "shop.prices"
X = pd.DataFrame({"rooms": np.arange(40) % 7, "size": np.linspace(20, 90, 40)})
POLICY = """\
version: 1
model: shop.prices
task: regression
traffic: {{path: "log/**/*.parquet", timestamp: timestamp, prediction: prediction,
          request_id: request_id, version: version, latency: latency, ignore: [model, status]}}
cadence: 1h
authority: muster
target: {target}
remediation: {{claimed_promotions: {claimed}}}
"""


@dataclass
class Load:
    """Requests one after the other, each of which is remembered: its status and who answered."""

    url: str
    answered: list[tuple[int, str]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(timeout=10) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(f"{self.url}/predict", json={"rooms": 3, "size": 50.0})
                    self.answered.append((answer.status_code, str(answer.json().get("version"))))
                except httpx.HTTPError as error:
                    self.answered.append((0, type(error).__name__))
                time.sleep(0.005)

    @property
    def failed(self) -> list[tuple[int, str]]:
        return [each for each in self.answered if each[0] != httpx.codes.OK]

    @contextmanager
    def going_on(self) -> Iterator["Load"]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()


@dataclass(frozen=True)
class Shop:
    """The installation in a folder."""

    folder: Path
    settings: Settings

    def open(self) -> tuple[World, Rollout]:
        return open_world(self.settings), open_rollout(self.settings)

    def promote(self, version: str) -> None:
        """Promote by a person, and copy what going back needs."""
        world, rollout = self.open()
        promote(MODEL, version, Actor("ann", "person"), "better", world, rollout)
        recorded = world.ledger.current_policy(MODEL)
        assert recorded is not None
        assert keep(recorded.policy, world.ledger, open_copies(self.settings)) == ()
        world.ledger.close()

    def propose(self, version: str) -> None:
        """Let a version contend, and have Muster propose it after what a gate would have said."""
        world, _ = self.open()
        ledger, at = world.ledger, world.clock()
        standing = ledger.standing(MODEL)
        ledger.move(moves.start_shadow(standing, version, Wish("offer", Actor("ann", "person"), "new")), at)
        champion = str(standing.champion)
        for each, error in ((champion, 41.2), (version, 27.9)):
            bound = RegisteredBaseline(MODEL, each, f"sha256:{int(each):064x}", 480, scores={"mae": error})
            known = ledger.version(MODEL, each)
            assert known is not None
            ledger.record_version(known, (bound,), at)
        why = "its absolute error is 32 % lower on the same 480 rows (at least 25 %, 95 % sure at any time)"
        move = Move("promote", f"promote version {version} over version {champion}", why, "propose")
        now = ledger.assignment(MODEL)
        assert now is not None
        intent = intent_of(move, Contest(MODEL, version, champion, "shadow", at, at), now.revision)
        assert intent is not None
        ledger.record_intents([intent], None, at)
        ledger.close()

    def allow_anybody_to_promote(self) -> None:
        """Let the policy take approvals from names that are only claimed, and watch begin with it."""
        (self.folder / "policies" / "shop" / "prices.yaml").write_text(
            POLICY.format(target="{}", claimed="true")
        )
        world, _ = self.open()
        (loaded,) = load_policies([self.folder / "policies"]).policies
        begin(loaded.policy, loaded.source, world)
        world.ledger.close()

    def muster(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own, as a person does who has nothing else left."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "console.main", *arguments],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    @contextmanager
    def service(self, *more: str) -> Iterator[str]:
        """Run the shop's own service; yield its address once it answers."""
        log = self.folder / "service.log"
        arguments = ["--model", MODEL, "--mlflow", self.settings.mlflow_uri, "--log", self.folder / "log"]
        arguments += ["--models", self.folder / "copies"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo.service", *map(str, arguments), *more],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            end = time.monotonic() + 60
            while not (found := [line for line in log.read_text().splitlines() if line.startswith("http")]):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield found[0]
        finally:
            process.kill()
            process.wait()


def deploy(shop: Shop, client: Any) -> None:
    """Make the deployments of a shop on a server, for the work pool `click`."""
    (loaded,) = load_policies([shop.folder / "policies"]).policies
    specs = deployments_for([loaded.policy], instance="click", work_pool="click")
    carry_out(plan(specs, client, instance="click"), client, prune=False)


def version_of(url: str) -> str:
    """Ask the service which version answers."""
    return str(httpx.get(f"{url}/version", timeout=10).json()["version"])


def open_shop(folder: Path, mlflow_uri: str, target: str) -> Shop:
    """Make a shop in an empty folder: version 1 serves, version 2 is registered."""
    team = folder / "policies" / "shop"
    team.mkdir(parents=True)
    (team / "prices.yaml").write_text(POLICY.format(target=target, claimed="false"))
    said = {"state": "state", "policies": ["policies"], "mlflow_uri": mlflow_uri}
    (folder / "muster.toml").write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())
    )
    versions = MlflowVersions(mlflow_uri, str(folder / "artifacts"))
    for recipe, slope in (("first", 3.0), ("second", 30.0)):
        estimator = LinearRegression().fit(X, slope * X["size"] + X["rooms"])
        made = versions.register(Candidate(MODEL, recipe, estimator, X.head(3), (), {}), alias="champion")
    settings = load_settings({}, folder)
    shop = Shop(folder, settings)
    world, _ = shop.open()
    (loaded,) = load_policies([folder / "policies"]).policies
    begin(loaded.policy, loaded.source, world)
    world.ledger.record_version(
        ModelVersion(MODEL, made.version, made.run_id, made.source), (), datetime.now(UTC)
    )
    world.ledger.close()
    return shop
