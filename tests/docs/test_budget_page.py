"""The example in the page about budgets loads, and what the page says of it is so."""

from pathlib import Path

from docs.embed import CHECKOUT, blocks
from policies.budget import allowed, burn_limit
from policies.load import load_policies
from policies.spending import Counts

EXAMPLE = "docs/examples/budgets.yaml"
PAGE = (CHECKOUT / "docs" / "budgets.md").read_text()


def test_the_example_is_in_the_page_and_loads_as_it_says(tmp_path: Path) -> None:
    shown = dict(blocks(PAGE))[f"file {EXAMPLE}"]
    policy_file = tmp_path / "search" / "suggestions.yaml"
    policy_file.parent.mkdir()
    policy_file.write_text(shown.removeprefix("```yaml\n").removesuffix("```\n"))
    fleet = load_policies([tmp_path])
    fleet.raise_for_faults()
    (policy,) = (loaded.policy for loaded in fleet.policies)
    assert policy.drift is not None
    assert policy.drift.budget is not None
    windows = policy.cadence.count(policy.drift.budget.over)
    assert (
        f"Of the {windows} hours in two weeks {int(allowed(Counts(windows), policy.drift.budget))} may"
        in PAGE
    )
    assert policy.errors is not None
    assert policy.errors.budget is not None
    limits = [float(burn_limit(tier, policy.errors.budget)) for tier in policy.errors.budget.burn]
    assert limits == [14.4, 6.0, 1.0]
    assert all(f"| {limit:g} |" in PAGE for limit in limits)
