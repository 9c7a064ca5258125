"""A team's own service: loads what an alias or a file names, answers HTTP, logs with Muster's logger.

    python -m demo.service --model shop.prices --log FOLDER --models FOLDER --mlflow URI [--follow FILE]

`POST /predict` with the features as a JSON object answers `{"prediction", "version", "request_id"}`,
`GET /version` the version that answers. It looks once a second which version that is to be, loads it beside
the one that answers, and changes over between two requests: nobody waits and no request fails.

The file that it follows holds a version, or an order of Muster's as JSON: then it splits. A request goes to
the challenger by its header `Split-Key`, such as a customer's number, else by its own id.
"""

import argparse
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from skops.io import load

from profiles.errors import MusterError
from registry.model_files import ModelStore
from registry.versions import TRUSTED, MlflowVersions
from serving.logger import PredictionLogger
from serving.model_file import read_model_file
from serving.split import is_challengers

LOOK_EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Loaded:
    """A version in memory, with the logger of its answers."""

    version: str
    estimator: Any
    columns: tuple[str, ...]
    log: PredictionLogger


@dataclass(frozen=True)
class Named:
    """Who is to answer: the champion, and the requests in its share the challenger."""

    champion: str
    challenger: str | None = None
    share: float = 0.0
    salt: str = ""


@dataclass(frozen=True)
class Answering:
    """Who answers: both versions in memory, and how requests are split between them."""

    named: Named
    champion: Loaded
    challenger: Loaded | None = None

    def of(self, key: str) -> Loaded:
        """Return who answers a request."""
        if self.challenger is not None and is_challengers(key, self.named.salt, self.named.share):
            return self.challenger
        return self.champion


def named_in(text: str) -> Named | None:
    """Read a version or an order; None while nothing is written."""
    if not text.strip().startswith("{"):
        return Named(text.strip()) if text.strip() else None
    order = json.loads(text)
    if not order["share"]:
        return Named(order["champion"])
    return Named(order["champion"], order["challenger"], order["share"], order["salt"])


def estimator_of(store: ModelStore, model: str, version: str) -> tuple[Any, tuple[str, ...]]:
    """Load a version from its files: the estimator, and the columns that it is asked with."""
    folder = store.files(model, version).folder
    described = read_model_file(folder, f"version {version} of {model}")
    return load(folder / str(described.file), trusted=TRUSTED), tuple(described.inputs)


class Service:
    """Answers with the version that is named, and stays with the last one while none can be had."""

    def __init__(
        self, model: str, alias: str, store: ModelStore, versions: MlflowVersions, log: Path
    ) -> None:
        self._model, self._alias = model, alias
        self._store, self._versions, self._log = store, versions, log
        self._known: dict[str, Loaded] = {}
        self.serving: Answering | None = None

    def look(self, follow: Path | None) -> None:
        """Change over to the version that is named now, if that is another one."""
        try:
            wanted = self._named(follow)
            if wanted is None or (self.serving is not None and self.serving.named == wanted):
                return
            challenger = None if wanted.challenger is None else self._loaded(wanted.challenger)
            self.serving = Answering(wanted, self._loaded(wanted.champion), challenger)
            shared = "" if challenger is None else f", and version {challenger.version} {wanted.share:.0%}"
            print(f"version {wanted.champion} answers{shared}", flush=True)
        except (MusterError, ValueError, KeyError) as error:
            print(f"the version stays: {error}", flush=True)

    def _named(self, follow: Path | None) -> Named | None:
        if follow is not None:
            return named_in(follow.read_text()) if follow.exists() else None
        served = self._versions.served(self._model, self._alias)
        return None if served is None else Named(served.version)

    def _loaded(self, version: str) -> Loaded:
        if version not in self._known:
            estimator, columns = estimator_of(self._store, self._model, version)
            log = PredictionLogger(self._log, self._model, version, flush_every=LOOK_EVERY)
            self._known[version] = Loaded(version, estimator, columns, log)
        return self._known[version]

    def predict(self, features: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Answer a request and log it; while requests are split, `key` decides who answers."""
        if self.serving is None:
            raise LookupError("no version was loaded yet")
        begun, request_id = time.perf_counter(), uuid4().hex
        now = self.serving.of(key or request_id)
        row = pd.DataFrame([{name: features[name] for name in now.columns}])
        prediction = now.estimator.predict(row)[0].item()
        now.log.log(request_id, features, prediction, latency_ms=1000 * (time.perf_counter() - begun))
        return {"prediction": prediction, "version": now.version, "request_id": request_id}


def handler(service: Service) -> type[BaseHTTPRequestHandler]:
    """Return what answers a connection for a service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            now = service.serving
            self._answer(503 if now is None else 200, {"version": now and now.champion.version})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                self._answer(200, service.predict(json.loads(body), self.headers.get("Split-Key")))
            except (KeyError, ValueError, TypeError) as error:
                self._answer(400, {"error": f"{type(error).__name__}: {error}"})
            except LookupError as error:
                self._answer(503, {"error": str(error)})

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing: the prediction log says it."""

    return Handler


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="A team's own service, for the demonstration.")
    parser.add_argument("--model", required=True, help="registered model")
    parser.add_argument("--alias", default="champion", help="alias that names the version")
    parser.add_argument("--follow", type=Path, help="file with the version or an order, instead of the alias")
    parser.add_argument("--mlflow", required=True, help="address of the model registry")
    parser.add_argument("--models", type=Path, required=True, help="folder of copies of versions")
    parser.add_argument("--log", type=Path, required=True, help="folder of the prediction log")
    parser.add_argument("--port", type=int, default=0)
    said = parser.parse_args()
    versions = MlflowVersions(said.mlflow)
    service = Service(said.model, said.alias, ModelStore(said.models, versions.fetch), versions, said.log)
    service.look(said.follow)
    server = ThreadingHTTPServer(("127.0.0.1", said.port), handler(service))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        time.sleep(LOOK_EVERY)
        service.look(said.follow)


if __name__ == "__main__":
    main()
