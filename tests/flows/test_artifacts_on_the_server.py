"""Prefect's server takes what a run leaves on its pages, and watching goes on where it does not."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prefect import flow

from flows import artifacts
from policies.verdict import ObjectiveVerdict, Severity, Status, Verdict
from profiles.reading import Arrivals, Reading
from profiles.window import Window
from registry.records import Judged
from tests.fakes import DAY, START

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]

MODEL = "noted.model"


def judged(status: Status) -> Judged:
    window = Window(START, START + DAY)
    severity = Severity.CRITICAL if status is Status.BREACHED else None
    freshness = ObjectiveVerdict("freshness", status, "no rows for 8h", severity)
    reading = Reading(MODEL, window, "1", Arrivals(0, None, None, timedelta(hours=8), START))
    return Judged(reading, Verdict(MODEL, window, status, severity, (freshness,)), "sha256:0", 1, START)


def run(*changes: tuple[Judged | None, Judged | None], name: str) -> bool:
    """Run a flow that shows these changes; say whether it completed."""

    @flow(flow_run_name=name)  # type: ignore[untyped-decorator]
    def shown() -> None:
        for before, after in changes:
            artifacts.show_change(before, after)
        artifacts.show_run([after.verdict for _, after in changes if after is not None])

    return bool(shown(return_state=True).is_completed())


def left(client: Any, key: str) -> list[Any]:
    return [artifact for artifact in client.read_artifacts() if artifact.key == key]


def test_each_run_leaves_a_table_and_each_change_of_a_verdict_a_note(prefect_client: Any) -> None:
    well, silent = judged(Status.MET), judged(Status.BREACHED)
    assert run((None, well), name="watch-noted-1d")
    assert run((well, silent), name="watch-noted-1d")
    assert run((silent, silent), name="watch-noted-1d")
    assert run((silent, well), name="watch-noted-1d")

    tables = left(prefect_client, "run-watch-noted-1d")
    assert len(tables) == 4
    rows = [row for table in tables for row in json.loads(table.data)]
    assert sorted(row["verdict"] for row in rows) == ["breached critical", "breached critical", "met", "met"]
    notes = [
        note for note in prefect_client.read_artifacts() if str(note.key).startswith("verdict-noted-model")
    ]
    assert sorted(note.data.splitlines()[0] for note in notes) == [
        "# noted.model: breached critical",
        "# noted.model: met",
    ]


def test_a_run_of_nothing_leaves_no_table(prefect_client: Any) -> None:
    assert run((None, None), name="watch-nothing-1d")
    assert left(prefect_client, "run-watch-nothing-1d") == []


@pytest.mark.parametrize("broken", ["create_table_artifact", "create_markdown_artifact"])
def test_an_artifact_that_cannot_be_written_fails_no_run(
    prefect_client: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def refuse(**_: Any) -> Callable[..., None]:
        raise RuntimeError("the server does not answer")

    monkeypatch.setattr(artifacts, broken, refuse)
    assert run((None, judged(Status.BREACHED)), name="watch-broken-1d")
