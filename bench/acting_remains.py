"""What a story of acts leaves, in values that can be compared with those of an undisturbed telling."""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.acting_shop import MODEL, settings_of
from flows.predicting import open_copies
from registry.ledger import Ledger
from registry.profile_store import ProfileStore
from registry.settings import Settings

# Every clock stands at 7 minutes and 13 seconds, see `acting_shop.MARK`.
_TAKEN_FROM_THE_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:07(:13)?(\.0+)?(Z|\+00:00)?")
# What an order or message had to go through until it was done.
_EFFORTS = ("attempts", "seconds")
TAKEN = "taken.jsonl"


def remains(root: Path) -> dict[str, Any]:
    """Return everything that is left, but for what may differ after a kill.

    That are times taken from the clock; how many attempts something took and how long; who brought an act to
    its end and in which words, because whoever takes it over may find it done already; the names that MLflow
    draws for runs and models (those of versions have to be the ledger's); what nobody refers to (runs and
    models of MLflow, scratch folders); and repetitions of messages, which `repeats` counts.
    """
    settings = settings_of(root)
    with Ledger.open(settings.database_url) as ledger:
        content, found = ledger.content(), ledger.verify()
        waiting = ledger.intents(MODEL, open_only=True)
        assignment = ledger.assignment(MODEL)
        left = {
            "open": sorted([each.intent.key, each.intent.kind] for each in waiting),
            "faults": [str(fault) for fault in found.faults],
            "serves": None if assignment is None else assignment.champion,
            "transitions": [each.kind for each in ledger.transitions(MODEL)],
        }
    known = {row["version"]: [row.pop("run_id"), row.pop("source")] for row in content["versions"]}
    registered, aliases = _registered(root)
    return {
        **left,
        "content": _plain(content),
        "versions": sorted(registered),
        "unlike the ledger": sorted(
            version for version in known if registered.get(version) != known[version]
        ),
        "aliases": aliases,
        "copies": _copies(settings),
        "profiles": _profiles(content, settings),
        "told": {path: sorted(set(keys)) for path, keys in _keys(root).items()},
    }


def _registered(root: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Read MLflow's database without MLflow, which would keep it open in the process that forks."""
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        versions = database.execute("SELECT version, run_id, source FROM model_versions").fetchall()
        aliases = database.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    return (
        {str(version): [run, source] for version, run, source in versions},
        {alias: str(version) for alias, version in aliases},
    )


def _profiles(content: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return the digests that the ledger names, each of which is read, and raises when it is not whole."""
    store = ProfileStore(settings.profiles_root)
    named = {row["profile_digest"] for table in ("baselines", "readings") for row in content[table]}
    for digest in named - {None}:
        store.get(digest)
    return sorted(named - {None})


def _copies(settings: Settings) -> list[str]:
    """Return the versions of which there is a copy, each of which is read and raises when not whole."""
    found = sorted(each.name for each in (settings.models_root / MODEL).glob("[0-9]*"))
    for version in found:
        open_copies(settings).files(MODEL, version)
    return found


def _plain(content: dict[str, Any]) -> Any:
    for each in content["intent_events"]:
        if each["event"] == "done":
            each["actor"] = each["sentence"] = None
    text = _TAKEN_FROM_THE_CLOCK.sub("<clock>", json.dumps(content, default=str))
    return json.loads(text, object_hook=lambda found: {k: v for k, v in found.items() if k not in _EFFORTS})


def repeats(root: Path) -> int:
    """Return how many messages reached Slack more than once."""
    return sum(len(keys) - len(set(keys)) for path, keys in _keys(root).items() if path == "/slack")


def _keys(root: Path) -> dict[str, list[str]]:
    file = root / TAKEN
    found: dict[str, list[str]] = {"/slack": [], "/hook": [], "/target": []}
    for line in file.read_text().splitlines() if file.exists() else ():
        path, body = json.loads(line)
        blocks = body.get("blocks")
        told = body["key"] if blocks is None else blocks[-1]["elements"][0]["text"].split(" · ")[-1]
        found[path].append(told)
    return found
