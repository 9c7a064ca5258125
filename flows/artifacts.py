"""Leaves artifacts on Prefect's pages: a table for each run, a note where a model's verdict changed.

They are for reading only. One that cannot be made is a line in the run's log and never a failed run: what
was judged is in the ledger already.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run

from policies.verdict import Verdict
from registry.records import Judged
from reports.acts import Act, act_note, acts_note, headline
from reports.artifacts import change_note, changed, key_of, run_table


def show_run(newest: Sequence[Verdict]) -> None:
    """Leave one table of how the models of this flow run stand; none where nothing was ever judged."""
    if not newest:
        return
    name: str = flow_run.name
    with _as_well_as_can_be():
        create_table_artifact(
            table=run_table(newest),
            key=key_of("run", name),
            description="The newest verdict of each model; the most urgent first.",
        )


def show_change(before: Judged | None, after: Judged | None) -> None:
    """Leave a note on a model whose newest verdict stands otherwise than the one before this task."""
    old = None if before is None else before.verdict
    new = None if after is None else after.verdict
    if new is None or not changed(old, new):
        return
    with _as_well_as_can_be():
        create_markdown_artifact(
            markdown=change_note(old, new),
            key=key_of("verdict", new.model),
            description=f"{new.model}: how it stands and why; written when that changes.",
        )


def show_act(act: Act) -> None:
    """Leave a note on what came of a rollback or promotion."""
    with _as_well_as_can_be():
        create_markdown_artifact(
            markdown=act_note(act),
            key=key_of(act.kind, act.model),
            description=headline(act),
        )


def show_acts(acts: Sequence[Act], refused: Sequence[str]) -> None:
    """Leave a note on what came of one rollback of several models."""
    with _as_well_as_can_be():
        create_markdown_artifact(
            markdown=acts_note(acts, refused),
            key=key_of("rollback", "fleet"),
            description="What came of the rollbacks.",
        )


def show_contest(model: str, contest: str) -> None:
    """Leave champion against challenger as the approver of a promotion found them."""
    with _as_well_as_can_be():
        create_markdown_artifact(
            markdown=contest,
            key=key_of("proposal", model),
            description="Champion against challenger.",
        )


@contextmanager
def _as_well_as_can_be() -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 - a page that lacks a copy is no reason to call the watching failed
        get_run_logger().warning("an artifact could not be written; the ledger has it all", exc_info=True)
