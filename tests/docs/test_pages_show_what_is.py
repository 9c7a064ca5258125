"""What the pages embed is what the real thing prints; links lead somewhere; nothing names a machine."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from docs.embed import CHECKOUT, PAGES, blocks, cheap, is_cheap, renewed, settled

EMBEDDED = [
    pytest.param(page, what, body, id=f"{page.name}:{what}")
    for page in PAGES
    for what, body in blocks(page.read_text())
    if is_cheap(what)
]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize(("page", "what", "body"), EMBEDDED)
def test_what_a_page_shows_is_what_is(page: Path, what: str, body: str) -> None:
    assert body == cheap(what), f"{page.name} is out of date: run `make docs`"


def test_markers_are_all_closed_and_a_page_that_is_renewed_by_itself_stays_the_same() -> None:
    for page in PAGES:
        text = page.read_text()
        held = dict(blocks(text))
        assert len(re.findall("<!-- embed:", text)) == len(re.findall("<!-- /embed -->", text))
        assert renewed(text, held.__getitem__) == text


def test_two_runs_of_the_demo_are_alike_but_for_the_time_they_took() -> None:
    assert settled("a\nTook 12 s. The state") == settled("a\nTook 7 s. The state")
    assert settled("on 12 s") != settled("on 7 s")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        link = urlsplit(target)
        if link.scheme:
            assert link.scheme == "https", target
            continue
        path = (page.parent / link.path).resolve() if link.path else page
        assert path.is_relative_to(CHECKOUT), target
        assert path.exists(), target
        if link.fragment:
            assert link.fragment in _anchors(path.read_text()), target


def _anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, CHECKOUT / "prefect.yaml"], ids=lambda page: page.name)
def test_no_page_names_a_machine_or_what_nobody_has_done_yet(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"(?<![\w.*/<])/(home|root|tmp|work|usr|var|opt|Users|mnt)/", text)
    assert not re.search(r"\b(TODO|FIXME|XXX|TBD)\b", text)


def test_pages_are_reached_from_the_readme() -> None:
    linked = set(_LINK.findall((CHECKOUT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"} <= linked


def test_the_rendered_deployments_are_those_of_the_demos_policies() -> None:
    from flows.deployments import deployments_for
    from flows.prefect_yaml import render
    from policies.load import load_policies
    from registry.settings import load_settings

    settings = load_settings({}, CHECKOUT)
    fleet = load_policies([Path(root) for root in settings.policies])
    specs = deployments_for(
        [loaded.policy for loaded in fleet.policies],
        instance=settings.instance,
        work_pool=settings.work_pool,
    )
    assert (CHECKOUT / "prefect.yaml").read_text() == render(specs), "run `muster render`"


def test_the_picture_of_rooms_draws_the_contract_and_every_room_exists() -> None:
    written = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    (layers,) = (
        each["layers"] for each in written["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    )
    page = (CHECKOUT / "docs" / "architecture.md").read_text()
    for upper, lower in pairwise(layers):
        for above in upper.split("|"):
            for below in lower.split("|"):
                assert f"{above.strip()} --> {below.strip()}" in page
    rooms = {room.strip() for layer in layers for room in layer.split("|")}
    assert all((CHECKOUT / room / "__init__.py").exists() for room in rooms)


def test_the_policy_in_the_readme_is_the_one_that_the_demo_uses() -> None:
    (shown,) = (
        body
        for what, body in blocks((CHECKOUT / "README.md").read_text())
        if what.startswith("file demo/policies/")
    )
    assert (
        yaml.safe_load(shown.removeprefix("```yaml\n").removesuffix("```\n"))["model"]
        == "pricing.bike-demand"
    )
