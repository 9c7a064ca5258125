"""What is wrong is said in a sentence, with what mends it; a healthy part has nothing to say."""

from datetime import timedelta
from pathlib import Path

import pytest

from flows.doctor import Complaint, examine
from flows.step import begin, due, step
from policies.faults import Fault
from policies.load import Fleet
from registry.settings import Settings, load_settings
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, world, write_day

MODEL = "shop.prices"
POLICY = policy()
FLEET = Fleet((loaded(POLICY),), ())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    said = {"MUSTER_STATE": "state", "MUSTER_POLICIES": "p", "MUSTER_TRAFFIC_ROOT": "."}
    return load_settings(said, tmp_path)


def watch(root: Path, versions: FakeVersions) -> None:
    write_day(root, 0)
    opened = world(root, START + DAY + timedelta(hours=1), versions)
    with opened.ledger:
        watched = begin(POLICY, "", opened)
        for window in due(watched, opened):
            step(watched, window, opened)


def about(part: str, settings: Settings, fleet: Fleet = FLEET) -> list[Complaint]:
    return [each for each in examine(settings, fleet, {}).complaints if each.about == part]


def test_of_a_watched_model_with_a_baseline_there_is_nothing_to_say(
    settings: Settings, tmp_path: Path
) -> None:
    watch(tmp_path, FakeVersions({(MODEL, "champion"): "1"}, {"1": (baseline(),)}))
    for part in ("installed packages", "policies", "ledger", "model registry", "traffic", "alerts"):
        assert about(part, settings) == [], part


def test_looking_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    found = examine(settings, FLEET, {})
    assert found.looked_at == (
        "installed packages",
        "policies",
        "ledger",
        "rollback",
        "acts",
        "model registry",
        "traffic",
        "alerts",
        "Prefect",
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_ledger_without_traffic_without_a_server(settings: Settings) -> None:
    assert [each.mend for each in about("ledger", settings)] == ["muster watch MODEL"]
    assert [each.mend for each in about("Prefect", settings)] == ["muster up"]
    (traffic,) = about("traffic", settings)
    assert MODEL in traffic.wrong


def test_a_ledger_that_is_no_database_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.db").write_text(
        "no database at all, but some text of a hundred characters" * 20
    )
    (found,) = about("ledger", settings)
    assert "ledger.db" in found.wrong


def test_a_model_that_was_never_watched_is_named(settings: Settings, tmp_path: Path) -> None:
    watch(tmp_path, FakeVersions({(MODEL, "champion"): "1"}, {"1": (baseline(),)}))
    other = Fleet((loaded(POLICY), loaded(policy("shop.stock"))), ())
    (found,) = about("ledger", settings, other)
    assert found == Complaint("ledger", "never watched: shop.stock", "muster watch shop.stock")


def test_a_version_without_a_baseline_is_judged_by_nothing(settings: Settings, tmp_path: Path) -> None:
    watch(tmp_path, FakeVersions({(MODEL, "champion"): "1"}))
    (found,) = about("ledger", settings)
    assert "version 1 of shop.prices has no baseline" in found.wrong
    assert found.mend.startswith(f"muster baseline set {MODEL} --from")


def test_faults_of_policies_are_complaints(settings: Settings) -> None:
    fault = Fault(Path("p/shop/a.yaml"), 3, 1, "cadence", "is required")
    (found,) = about("policies", settings, Fleet((), (fault,)))
    assert found.wrong == str(fault)
    assert about("policies", settings, Fleet((), ())) == [
        Complaint("policies", "no model has a policy", "muster init --traffic PATH")
    ]


def test_a_package_outside_what_was_tested_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ["prefect>=99", "no-such-package<2", 'never-needed==1; extra == "s3"', "numpy>=1"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: wanted)
    first, second = about("installed packages", settings)
    assert first.wrong.startswith("prefect is 3.")
    assert second.wrong == "no-such-package is not installed; Muster was tested with <2"
