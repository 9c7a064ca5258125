#!/usr/bin/env python3
"""Puts what is real into the documentation: between markers, the output of commands, files and pictures.

A marked block begins with `<!-- embed: WHAT -->` and ends with `<!-- /embed -->`. WHAT is one of:

    file PATH         a file of the repository
    muster ARGUMENTS  what the command prints in the checkout, without any state
    rooms, doors      the import contracts of pyproject.toml, as a picture and as a table
    policy SECTION    the keys of policy files in one section, from their schema and their defaults
    demo              what `make demo` prints on a new state
    after demo ARGUMENTS   what `muster ARGUMENTS` prints on the state that the demo left

`make docs` renews all of them. The tests compare all but the demo's with what the pages hold, and the
demo's own test does the same for those.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")))
COLUMNS = 110  # as wide as a page shows without scrolling
_TIMING = re.compile(r"Took \d+ s")
_BLOCK = re.compile(r"(<!-- embed: (?P<what>.+?) -->\n)(?P<body>.*?)(<!-- /embed -->)", re.DOTALL)


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Yield what each marked block of a page is to hold, and what it holds."""
    for match in _BLOCK.finditer(page):
        yield match["what"], match["body"]


def renewed(page: str, fresh: Callable[[str], str]) -> str:
    """Return a page with the body of each marked block replaced by what `fresh` says."""
    return _BLOCK.sub(lambda match: f"{match[1]}{fresh(match['what'])}{match[4]}", page)


def settled(page: str) -> str:
    """Return a page with every time that the demo took written alike, because no two runs take the same."""
    return _TIMING.sub("Took some s", page)


def is_cheap(what: str) -> bool:
    """Say whether a block needs no run of the demo."""
    return what.split(maxsplit=1)[0] not in {"demo", "after"}


def cheap(what: str) -> str:
    """Return the body of a block that needs no state."""
    kind, _, argument = what.partition(" ")
    if kind == "file":
        path = Path(argument)
        return _fenced(path.suffix.lstrip("."), (CHECKOUT / path).read_text(encoding="utf-8"))
    if kind == "muster":
        return _fenced("console", f"$ muster {argument}\n{muster(argument, {})}")
    if kind == "policy":
        return _policy_keys(argument)
    return {"rooms": _rooms, "doors": _doors}[what]()


def muster(arguments: str, environment: dict[str, str]) -> str:
    """Return what the command prints in the checkout; CalledProcessError when it fails."""
    return _printed(["-m", "console.main", *arguments.split()], environment)


def demo(state: Path) -> str:
    """Run the demo on the folder `state`; return the body of the block that shows it, run on `.muster`."""
    return _fenced("console", f"$ make demo\n{_printed(['-m', 'demo'], in_state(state))}").replace(
        str(state), ".muster"
    )


def in_state(state: Path) -> dict[str, str]:
    """Return the variables that make the checkout's settings use another state folder."""
    return {"MUSTER_STATE": str(state), "MUSTER_TRAFFIC_ROOT": str(state / "demo")}


def after_demo(what: str, state: Path) -> str:
    """Return the body of a block that shows a command on the state that the demo left."""
    arguments = what.removeprefix("after demo ")
    return _fenced("console", f"$ .venv/bin/muster {arguments}\n{muster(arguments, in_state(state))}")


def _printed(arguments: list[str], environment: dict[str, str]) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "PREFECT_"))}
    done = subprocess.run(  # noqa: S603 - our own commands, from the pages of this repository
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={**kept, "COLUMNS": str(COLUMNS), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines()) + "\n"


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def _contracts() -> list[dict[str, Any]]:
    written = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = written["tool"]["importlinter"]["contracts"]
    return found


def _rooms() -> str:
    """Draw the layers contract: a line of rooms, each of which may import all those after it."""
    (layers,) = (each["layers"] for each in _contracts() if each["type"] == "layers")
    arrows = [f"    {above.split()[0]} --> {below.split()[0]}" for above, below in _pairs(layers)]
    boxes = [f'    {room}["{room}/<br/>{_first_sentence(room)}"]' for layer in layers for room in _in(layer)]
    return _fenced("mermaid", "\n".join(["flowchart TD", *boxes, *arrows]))


def _in(layer: str) -> list[str]:
    return [room.strip() for room in layer.split("|")]


def _pairs(layers: list[str]) -> Iterator[tuple[str, str]]:
    for upper, lower in pairwise(layers):
        for above in _in(upper):
            for below in _in(lower):
                yield above, below


def _first_sentence(room: str) -> str:
    text = (CHECKOUT / room / "__init__.py").read_text(encoding="utf-8")
    sentence = re.search(r'"""(.+?)[.:;]', text)
    return (sentence[1] if sentence else room).replace("`", "")


def _doors() -> str:
    rows = [
        f"| {', '.join(each['protected_modules'])} | {', '.join(map(_door, each['allowed_importers']))} |"
        for each in _contracts()
        if each["type"] == "protected"
    ]
    return "\n".join(["| tool | may be imported by |", "|---|---|", *rows]) + "\n"


def _door(module: str) -> str:
    path = module.replace(".", "/")
    return f"`{path}.py`" if (CHECKOUT / f"{path}.py").is_file() else f"`{path}/`"


# The least that a policy has to say, so that everything else is a default.
_LEAST = {
    "version": 1,
    "model": "shop.prices",
    "task": "regression",
    "traffic": {"path": "prices/*.parquet", "timestamp": "ts", "prediction": "price"},
    "labels": {"path": "paid/*.parquet", "label": "paid"},
    "cadence": "1d",
    "objectives": {"performance": {"metric": "mae", "at_most_worse_than_baseline": "10%"}},
}


def _policy_keys(section: str) -> str:
    """Return a table of a section's keys: `top`, `team`, `traffic`, `labels`, or the name of an objective."""
    from policies.load import json_schema
    from policies.schema import PolicyFile, TeamFile

    of_team = section == "team"
    path = [] if section in {"top", "team"} else section.split(".")
    keys = _at(json_schema(TeamFile if of_team else PolicyFile), path)
    defaults = {} if of_team else _defaults(path)
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key, part in keys["properties"].items():
        shown = "required" if key in keys.get("required", ()) else defaults.get(key, "")
        rows.append(f"| `{key}` | {shown} | {part['description']} |")
    return "\n".join(rows) + "\n"


def _at(schema: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """Follow keys through a JSON Schema to the mapping that they lead to."""
    part = schema
    for key in path:
        part = part["properties"][key]
        part = part.get("items", part)
        part = next((choice for choice in part.get("anyOf", ()) if "$ref" in choice), part)
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]]
    return part


def _defaults(path: list[str]) -> dict[str, str]:
    """Return the defaults of a section as `muster policy show` fills them in."""
    import yaml

    from policies.resolve import resolve
    from policies.schema import PolicyFile, TeamFile
    from policies.show import show

    policy = resolve(PolicyFile.model_validate(_LEAST), TeamFile(team="shop"))
    values = yaml.safe_load(show(policy))
    for key in path:
        values = values.get(key)
        if not isinstance(values, dict):  # nothing is written there by default
            return {}
    values = {key: "off" if value is False else value for key, value in values.items()}
    return {key: f"`{value}`" for key, value in values.items() if ".".join([*path, key]) in policy.filled}


def main() -> None:
    """Renew every marked block of every page."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder).resolve() / "state"
        printed = demo(state)

        def fresh(what: str) -> str:
            if what == "demo":
                return printed
            return cheap(what) if is_cheap(what) else after_demo(what, state)

        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            new = renewed(text, fresh)
            if settled(new) != settled(text):
                page.write_text(new, encoding="utf-8")
                sys.stdout.write(f"{page.relative_to(CHECKOUT)} renewed\n")


if __name__ == "__main__":
    main()
