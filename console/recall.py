"""`muster recall`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.names import known
from profiles.errors import MusterError

if TYPE_CHECKING:
    import pyarrow as pa


@click.command()
@click.argument("model")
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File to write, .csv or .parquet.  [default: MODEL-recall.csv]",
)
def recall(model: str, path: Path | None) -> None:
    """Export every request that the version of MODEL answered which was rolled back last.

    Beside each stand the answer that the restored version gives, how much the two differ, and what is known
    of label, loss and value. The columns are described in docs/rollback.md.
    """
    from flows.predicting import open_predictions
    from flows.recalling import recall as recalled
    from flows.rolling_back import policy_of
    from flows.world import open_world
    from registry.settings import load_settings

    target = path or Path(f"{model}-recall.csv")
    if target.suffix not in {".csv", ".parquet"}:
        raise click.UsageError(f"{target} has to end in .csv or .parquet")
    settings = load_settings()
    world = open_world(settings)
    try:
        known(model, (row.model for row in world.ledger.models()), "the ledger")
        with open_predictions(settings) as predict:
            done = recalled(policy_of(model, world), world, predict)
    finally:
        world.ledger.close()
    if not done.rows.num_rows:
        click.echo(
            f"no logged request names version {done.bad}, which was rolled back at "
            f"{done.until:%Y-%m-%d %H:%M} UTC"
        )
        return
    _write(done.rows, target)
    differing = sum(1 for each in done.rows.column("difference").to_pylist() if each)
    click.echo(
        f"{done.rows.num_rows:,} requests were answered by version {done.bad}; version {done.restored} "
        f"answers {differing:,} of them otherwise: {target} written"
    )


def _write(rows: pa.Table, path: Path) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    try:
        if path.suffix == ".csv":
            pc.write_csv(rows, path)
        else:
            pq.write_table(rows, path)
    except OSError as error:
        raise MusterError(
            f"{path} cannot be written: {error.strerror or error}; name another file"
        ) from error
