"""The tables of settings and of policy keys name all that there is, with the defaults that hold."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from docs.embed import CHECKOUT
from policies.load import json_schema
from policies.schema import PolicyFile, TeamFile
from registry.settings import Settings, load_settings

_PAGES = ("policies.md", "budgets.md", "responding.md")
POLICIES = "".join((CHECKOUT / "docs" / name).read_text() for name in _PAGES)


def rows(page: str) -> list[list[str]]:
    """Return the cells of every table row that begins with a key."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]


def test_every_setting_is_described_with_its_variable_and_its_default(tmp_path: Path) -> None:
    described = rows((CHECKOUT / "docs" / "settings.md").read_text())
    found = load_settings({}, tmp_path)
    assert [row[0] for row in described] == [f"`{field.name}`" for field in fields(Settings)]
    for key, variable, default, meaning in described:
        name = key.strip("`")
        assert variable == f"`MUSTER_{name.upper()}`"
        assert default == _written(getattr(found, name), tmp_path)
        assert meaning


def _written(value: Any, home: Path) -> str:
    """Write a default as the table does: below the state folder, or below where the settings are."""
    if value == ():
        return "none"
    if value == home:
        return "`.`"
    text = str(value).replace(str(home / ".muster"), "<state>" if value != home / ".muster" else ".muster")
    return f"`{text}`"


def test_variables_that_the_page_names_are_read(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text()
    named = set(re.findall(r"MUSTER_[A-Z_]+", page))
    assert named == {f"MUSTER_{field.name.upper()}" for field in fields(Settings)} | {"MUSTER_CONFIG"}


def test_every_key_of_the_policy_schema_is_in_a_table() -> None:
    described = {row[0].strip("`") for row in rows(POLICIES)}
    assert _keys(json_schema(PolicyFile)) <= described
    assert _keys(json_schema(TeamFile)) <= described


def _keys(part: Any) -> set[str]:
    """Return the names of all properties anywhere in a JSON Schema."""
    if isinstance(part, list):
        return set().union(*map(_keys, part))
    if not isinstance(part, dict):
        return set()
    return set(part.get("properties", ())).union(*map(_keys, part.values()))


def test_every_section_that_may_be_written_has_a_heading() -> None:
    schema = json_schema(PolicyFile)
    objectives = schema["$defs"]["ObjectivesFile"]["properties"]
    for section in ("traffic", "labels", *(f"objectives.{name}" for name in objectives)):
        assert f"\n### `{section}`\n" in POLICIES


def test_a_few_defaults_are_what_a_person_would_look_up() -> None:
    described = {(row[0], row[1]) for row in rows(POLICIES)}
    for key, default in (
        ("`minimum_rows`", "`80`"),
        ("`at_least`", "`50%`"),
        ("`significant`", "`0.25`"),
        ("`at_risk_after`", "`80%`"),
        ("`alias`", "`champion`"),
        ("`task`", "required"),
    ):
        assert (key, default) in described
