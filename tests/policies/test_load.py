"""Every fault of a policy file is found, with its place, and none hides its neighbours."""

import os
from pathlib import Path

import pytest

from policies.load import load_policies
from profiles.errors import PolicyInvalid
from tests.policies.written import GOOD, write


def test_the_good_file_has_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path, "pricing/bike.yaml", GOOD)
    fleet = load_policies([tmp_path])
    assert fleet.faults == ()
    fleet.raise_for_faults()
    (loaded,) = fleet.policies
    assert (loaded.policy.model, loaded.path, loaded.source) == ("pricing.bike", path, GOOD)


def test_broken_files_do_not_hide_their_neighbours(tmp_path: Path) -> None:
    write(tmp_path, "pricing/a.yaml", "version: [")
    write(tmp_path, "pricing/b.yml", GOOD)
    write(tmp_path, "sales/c.yaml", GOOD.replace("pricing.bike", "sales.c").replace("mae", "maf"))
    fleet = load_policies([tmp_path])
    assert [loaded.policy.model for loaded in fleet.policies] == ["pricing.bike"]
    assert [fault.path.name for fault in fleet.faults] == ["a.yaml", "c.yaml"]
    assert [fault.model for fault in fleet.faults] == [None, "sales.c"]


def test_faults_are_raised_one_per_line_with_their_hints(tmp_path: Path) -> None:
    path = write(tmp_path, "pricing/a.yaml", GOOD.replace("cadence", "cadense").replace("mae", "maf"))
    with pytest.raises(PolicyInvalid) as raised:
        load_policies([tmp_path]).raise_for_faults()
    lines = str(raised.value).splitlines()
    assert lines[1] == f"{path}:6: cadense: unknown key, did you mean cadence?"
    assert all(line.startswith(f"{path}:") for line in lines)


def test_paths_are_reported_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "policies/pricing/a.yaml", "")
    monkeypatch.chdir(tmp_path)
    (fault,) = load_policies([Path("policies")]).faults
    assert str(fault) == "policies/pricing/a.yaml:1: is empty"


def test_one_model_in_two_files_is_a_fault_on_both(tmp_path: Path) -> None:
    one = write(tmp_path, "x/pricing/a.yaml", GOOD)
    two = write(tmp_path, "y/pricing/b.yaml", "# second\n" + GOOD.replace("mae", "maf"))
    fleet = load_policies([tmp_path / "x", tmp_path / "y"])
    assert fleet.policies == ()
    assert [str(fault) for fault in fleet.faults if fault.where == "model"] == [
        f"{one}:2: model: 'pricing.bike' is also the model of {two}",
        f"{two}:3: model: 'pricing.bike' is also the model of {one}",
    ]


@pytest.mark.parametrize("other", [".", "pricing", "pricing/../pricing"])
def test_roots_that_overlap_are_faults_on_both_and_give_no_policy(other: str, tmp_path: Path) -> None:
    write(tmp_path, "r/pricing/bike.yaml", GOOD)
    write(tmp_path, "apart/pricing/boat.yaml", GOOD.replace("bike", "boat"))
    roots = [tmp_path / "r", tmp_path / "r" / other, tmp_path / "apart"]
    fleet = load_policies(roots)
    assert [loaded.policy.model for loaded in fleet.policies] == ["pricing.boat"]
    assert sorted(fault.path for fault in fleet.faults) == sorted(roots[:2])
    assert all("overlaps the root" in fault.message for fault in fleet.faults)


def test_a_root_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (fault,) = load_policies([tmp_path / "gone"]).faults
    assert fault.message == "this root cannot be read: No such file or directory"


def test_links_out_of_the_root_pipes_and_misplaced_files_are_refused(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/bike.yaml", GOOD)
    root = tmp_path / "root"
    write(root, "pricing/deeper/x.yaml", GOOD)
    write(root, "loose.yaml", GOOD)
    write(root, ".hidden/x.yaml", GOOD)
    write(root, "pricing/notes.txt", "not a policy")
    (root / "pricing/link.yaml").symlink_to(outside)
    (root / "sales").symlink_to(outside.parent)
    (root / "pricing/loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(root / "pricing/pipe.yaml")
    fleet = load_policies([root])
    assert fleet.policies == ()
    assert {(str(f.path.relative_to(root)), f.message.split(";")[0]) for f in fleet.faults} == {
        ("loose.yaml", "lies beside the teams' folders"),
        ("pricing/deeper/x.yaml", "lies too deep"),
        ("pricing/link.yaml", "is a link that leaves the root"),
        ("pricing/loop.yaml", "is a link that leaves the root"),
        ("pricing/pipe.yaml", "is not a plain file"),
        ("sales", "is a link that leaves the root"),
    }


def test_a_link_within_the_root_is_followed(tmp_path: Path) -> None:
    target = write(tmp_path, "pricing/bike.policy", GOOD)
    (tmp_path / "pricing/bike.yaml").symlink_to(target)
    assert [loaded.policy.model for loaded in load_policies([tmp_path]).policies] == ["pricing.bike"]


TEAMS = {
    "another team's name": (
        "team: sales\n",
        "1: team: 'sales' is not the name of this folder, 'pricing'",
    ),
    "an unknown default": (
        "team: pricing\ndefaults:\n  cadense: 1d\n",
        "3: defaults.cadense: unknown key, did you mean cadence?",
    ),
    "a model's key": ("team: pricing\ntask: regression\n", "2: task: unknown key; known are"),
    "no name": ("owners: [a]\n", "1: team: is required, but missing"),
}


@pytest.mark.parametrize("case", TEAMS)
def test_a_broken_team_file_is_a_fault_and_its_models_say_why_they_are_not_loaded(
    case: str, tmp_path: Path
) -> None:
    text, expected = TEAMS[case]
    model = write(tmp_path, "pricing/bike.yaml", GOOD)
    team = write(tmp_path, "pricing/team.yaml", text)
    fleet = load_policies([tmp_path])
    assert fleet.policies == ()
    first, second = (str(fault) for fault in fleet.faults)
    assert first == f"{model}:1: not loaded, because the team's own team.yaml has faults"
    assert second.startswith(f"{team}:{expected}")


def test_two_team_files_are_one_too_many(tmp_path: Path) -> None:
    write(tmp_path, "pricing/team.yaml", "team: pricing\n")
    write(tmp_path, "pricing/team.yml", "team: pricing\n")
    assert [fault.message for fault in load_policies([tmp_path]).faults] == [
        "a team has one team.yaml, and here are two"
    ] * 2
