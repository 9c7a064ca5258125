"""`make bench`: take the measures and put them into bench/results.json."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

import click

from bench.machine import described
from bench.measure import Absent, Measure, registered, taken
from bench.results import RESULTS, read, summarised, updated, write


@click.command()
@click.argument("keys", nargs=-1, type=click.Choice(sorted(registered())), metavar="[KEY]...")
def main(keys: tuple[str, ...]) -> None:
    """Take the measures called KEY, or all of them; docs/bench.md says what they mean.

    A missed target is said. The exit code is 1 when a measure could not be taken. One that needs what this
    machine does not have keeps its old result, which is said and is no failure.
    """
    # Compiled modules are part of how fast a command starts; more threads than CPUs are not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not run([registered()[key] for key in sorted(set(keys))] if keys else None):
        sys.exit(1)


def run(chosen: Sequence[Measure] | None, path: Path = RESULTS) -> bool:
    """Take the `chosen` measures or all, print and record them; return whether all could be taken."""
    machine = described()
    (load, *_), cpus = machine["load_average_at_start"], machine["cpu_count"]
    print(f"{cpus} CPUs ({machine['cpu_model']}), load {load}{'' if load < cpus / 4 else ': not quiet'}")
    measures = list(registered().values()) if chosen is None else chosen
    entries, kept, complete = {}, [], True
    for measure, found in _taken(measures):
        if isinstance(found, Absent):
            kept.append(measure.key)
            print(f"{measure.key:<24} stays as it was: {found.reason}", flush=True)
        elif isinstance(found, str):
            complete = False
            print(f"{measure.key:<24} could not be taken: {found}", flush=True)
        else:
            entries[measure.key] = summarised(found, measure.unit)
            print(line(measure, found), flush=True)
    write(updated(read(path), machine, entries, whole=chosen is None, kept=kept), path)
    return complete


def line(measure: Measure, repeats: Sequence[float]) -> str:
    """Return a measure's result as one line, its target beside it."""
    entry = summarised(repeats, measure.unit)
    value, spread = entry["value"], entry["spread"]
    said = f"{measure.key:<24} {value:>10,g} {measure.unit:<12}"
    said += f" ({spread['min']:,g} to {spread['max']:,g}, n = {entry['n']})"
    if measure.target is None:
        return said
    return f"{said}; target {measure.target}: {'met' if measure.target.met(value) else 'MISSED'}"


def _taken(measures: Sequence[Measure]) -> Iterator[tuple[Measure, list[float] | Absent | str]]:
    """Yield each measure with its repeats, or with what went wrong; a process per module."""
    for _, group in groupby(sorted(measures, key=lambda m: (m.module, m.key)), key=lambda m: m.module):
        together = list(group)
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
            try:
                found = process.submit(taken, tuple(measure.key for measure in together)).result()
            except BrokenProcessPool:
                found = {measure.key: "its process died" for measure in together}
        for measure in together:
            yield measure, found[measure.key]


if __name__ == "__main__":
    main()
