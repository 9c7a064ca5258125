"""Writing to the terminal: tables for people, JSON for programs."""

import json
import os
from typing import Any

import click

# Wide enough for a table's reasons when the output is a pipe or a file, which have no width.
_PIPED_WIDTH = "160"


def show(*renderables: Any) -> None:
    """Print rich tables and text; into a pipe plain, and as wide as COLUMNS says or wide."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        asked = os.environ.get("COLUMNS", "")
        console = Console(
            width=int(asked if asked.isdecimal() and int(asked) else _PIPED_WIDTH),
            no_color=True,
            highlight=False,
        )
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    # A table fills its lines with blanks, which a pipe or a copied text has no use for.
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def show_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


as_json = click.option("as_json", "--json", is_flag=True, help="Print JSON of the shape in docs/cli.md.")
