"""Commands that the pages tell people to type exist, with their options; what they print is described."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from console.main import muster
from docs.embed import CHECKOUT, PAGES, blocks
from tests.console.conftest import Installation, entered, installed, template  # noqa: F401 - fixtures

_SHELL = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)
_TYPES: dict[str, type] = {
    "text": str,
    "number": float,
    "whole number": int,
    "true": bool,
    "false": bool,
    "object": dict,
    "null": type(None),
}
_BUDGET = (
    *("objective", "of", "over", "bad", "allowed", "unknown_windows", "left", "exhausted_in_seconds"),
    *(f"burns[].{name}" for name in ("windows", "long", "short", "limit", "too_fast")),
)
# An intact ledger has no faults, the newest window no rows, and its policy was recorded without owners.
_MAY_LACK = {
    "ledger verify": {f"faults[].{name}" for name in ("model", "kind", "key", "sentence")},
    "status": {"models[].window.scores.*"},
    # Its objectives have no error budgets; tests/reports/test_budgets_shown.py compares those fields.
    "why": {"owners[]", *(f"budgets[].{name}" for name in _BUDGET)},
}


def typed() -> Iterator[tuple[str, list[str]]]:
    """Yield every command that a page shows, with the page's name."""
    for page in PAGES:
        text = page.read_text()
        lines = [line for block in _SHELL.findall(text) for line in block.splitlines()]
        inline = re.findall(r"`((?:\.venv/bin/)?(?:muster|make) [a-z][^`]*)`", text)
        for line in [*lines, *inline]:
            words = shlex.split(line.removeprefix("$ "), comments=True) if _is_command(line) else []
            if words:
                yield page.name, words


def _is_command(line: str) -> bool:
    return re.match(r"(\$ )?(make|(\.venv/bin/)?muster|\.venv/bin/prefect|MUSTER_CONFIG)\b", line) is not None


def test_every_make_target_exists_and_the_readme_begins_with_the_two() -> None:
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = [words[1] for _, words in typed() if words[0] == "make"]
    assert set(named) <= targets
    readme = (CHECKOUT / "README.md").read_text()
    assert readme.index("make demo") < readme.index("make test") < readme.index(".venv/bin/muster")


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, words in typed() if words[0].endswith("muster")],
    ids=lambda value: value if isinstance(value, str) else "-".join(value[1:]).replace("/", ""),
)
def test_every_muster_command_takes_what_the_page_gives_it(page: str, words: list[str]) -> None:
    command: click.Command = muster
    rest = words[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    if isinstance(command, click.Group) and rest:
        command = command.commands.get(getattr(command, "unnamed", ""), command)
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    given = {word for word in rest if word.startswith("-")}
    assert given <= options, page
    assert not isinstance(command, click.Group) or not set(rest) - given, page


def test_every_command_has_its_help_in_the_page_of_commands() -> None:
    embedded = {what for what, _ in blocks((CHECKOUT / "docs" / "cli.md").read_text())}
    wanted = {"muster --help"} | {f"muster {name} --help" for name in _commands(muster, ())}
    assert embedded == wanted


def _commands(group: click.Group, above: tuple[str, ...]) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*above, name))
        else:
            yield " ".join((*above, name))


def test_every_exit_code_is_in_the_page_of_commands() -> None:
    page = (CHECKOUT / "docs" / "cli.md").read_text()
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == ["0", "1", "2", "3"]


def fields(heading: str) -> dict[str, str]:
    """Return the documented fields of one shape with their types."""
    page = (CHECKOUT / "docs" / "cli.md").read_text()
    section = page.split(f"### `muster {heading} --json`\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, re.MULTILINE)
    assert rows, heading
    return dict(rows)


def found(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields of a real answer as the page spells them; `scores` and `objectives` are by key."""
    if isinstance(value, dict) and value and path != "policy":
        for key, part in value.items():
            spelled = "*" if path.endswith(("scores", "objectives")) else key
            yield from found(part, f"{path}.{spelled}".removeprefix("."))
    elif isinstance(value, list):
        for part in value:
            yield from found(part, f"{path}[]")
    elif not (value == {} and path.endswith(("scores", "objectives"))):
        yield path, value


def _inlined(name: str) -> dict[str, str]:
    """Return a shape's fields with the shared fields of a window written out."""
    own = fields(name)
    window = {k.removeprefix("windows[]."): v for k, v in fields("status MODEL").items() if k != "model"}
    if name == "why":
        listed = {k: v for k, v in fields("incidents").items() if not k.endswith(".model")}
        return {**listed, **own, **window}
    if name == "status":
        return {**own, **{f"models[].window.{key}": kind for key, kind in window.items()}}
    return own


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("status", ["status"]),
        ("status MODEL", ["status", "shop.prices"]),
        ("why", ["why", "shop.prices", "2026-03-02"]),
        ("incidents", ["incidents", "--all"]),
        ("policy check", ["policy", "check"]),
        ("policy show", ["policy", "show", "shop.prices"]),
        ("ledger verify", ["ledger", "verify"]),
        ("history", ["history", "shop.prices"]),
        ("baseline list", ["baseline", "list", "shop.prices"]),
    ],
)
def test_json_has_exactly_the_fields_that_the_page_describes(
    installed: Installation,  # noqa: F811
    name: str,
    arguments: list[str],
) -> None:
    installed.write("shop.new")
    (installed.folder / "policies" / "shop" / "team.yaml").write_text(
        "version: 1\nteam: shop\nowners: [ann]\ndefaults: {minimum_rows: 90}\n"
    )
    if name == "policy check":
        installed.write("shop.broken", "version: 1\nmodell: shop.broken\n")
    result = CliRunner().invoke(muster, [*arguments, "--json"])
    described = _inlined(name)
    seen = list(found(json.loads(result.stdout)))
    for path, value in seen:
        assert path in described, f"{path} is not described"
        kinds = described[path].split(" or ")
        assert any(isinstance(value, _TYPES[kind]) for kind in kinds), f"{path}: {value!r}"
    assert described.keys() - {path for path, _ in seen} <= _MAY_LACK.get(name, set())
