"""Settings: defaults, file, environment, faults, and what is never shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from profiles.errors import SettingsInvalid
from registry.settings import Settings, load_settings


def test_defaults_lie_under_one_state_directory(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    state = tmp_path / ".muster"
    assert settings == Settings(
        state=state,
        policies=(),
        database_url=f"sqlite:///{state}/ledger.db",
        profiles_root=state / "profiles",
        models_root=state / "models",
        environments=state / "environments",
        mlflow_uri=f"sqlite:///{state}/mlflow.db",
        mlflow_artifacts=f"{state}/mlflow-artifacts",
        prefect_home=state / "prefect",
        instance="muster",
        work_pool="muster",
        traffic_root=tmp_path,
    )
    assert hash(settings) == hash(load_settings({}, tmp_path))


def test_the_nearest_file_upwards_counts_and_its_paths_start_beside_it(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(
        'policies = ["policies", "/etc/muster", "s3://bucket/policies"]\n'
        'state = "../state"\n'
        'mlflow_uri = "sqlite:///mlflow/store.db"\n'
        'mlflow_artifacts = "s3://bucket/models"\n'
    )
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    settings = load_settings({}, deep)
    assert settings.policies == (f"{tmp_path}/policies", "/etc/muster", "s3://bucket/policies")
    assert settings.state == tmp_path.parent / "state"
    assert settings.profiles_root == tmp_path.parent / "state" / "profiles"
    assert settings.mlflow_uri == f"sqlite:///{tmp_path}/mlflow/store.db"
    assert settings.mlflow_artifacts == "s3://bucket/models"
    assert settings.traffic_root == tmp_path


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text('instance = "green"\nwork_pool = "big"\n')
    environ = {
        "MUSTER_CONFIG": "elsewhere.toml",
        "MUSTER_INSTANCE": "blue-2",
        "MUSTER_POLICIES": "one:two",
        "MUSTER_DATABASE_URL": "postgresql://ann@db/ledger",
        "MUSTER_TRAFFIC_ROOT": "/logs",
        "PATH": "/bin",
    }
    settings = load_settings(environ, tmp_path)
    assert (settings.instance, settings.work_pool) == ("blue-2", "big")
    assert settings.policies == (f"{tmp_path}/one", f"{tmp_path}/two")
    assert settings.database_url == "postgresql://ann@db/ledger"
    assert settings.traffic_root == Path("/logs")


@pytest.mark.parametrize(
    ("file", "environ", "told"),
    [
        ('polices = ["p"]', {}, r"unknown key 'polices'; did you mean policies\?"),
        ("colour = 1", {}, r"unknown key 'colour'; known are channels, database_url, environments"),
        ("", {"MUSTER_DATABSE_URL": "x"}, r"MUSTER_DATABSE_URL; did you mean MUSTER_DATABASE_URL\?"),
        ("", {"MUSTER_CONFG": "x"}, r"did you mean MUSTER_CONFIG\?"),
        ("", {"MUSTER_CONFIG": "gone.toml"}, r"MUSTER_CONFIG names 'gone\.toml', which is no file"),
        ("policies = 'p'", {}, r"muster\.toml: policies has to be a list of folders, found 'p'"),
        ("policies = [1]", {}, r"policies has to be a text, found 1"),
        ("state = 7", {}, r"state has to be a text, found 7"),
        ("state = 1 2", {}, r"cannot be read: .*line 1"),
        ("", {"MUSTER_STATE": ""}, r"MUSTER_STATE is empty"),
        ("", {"MUSTER_INSTANCE": "Blue!"}, r"has to be of a-z, 0-9 and dashes, found 'Blue!'"),
        ("", {"MUSTER_DATABASE_URL": "mysql://a:s3cret@b/c"}, r"found 'mysql://a:\*\*\*@b/c'"),
    ],
)
def test_faults_are_told_with_key_and_remedy(
    file: str, environ: dict[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "muster.toml").write_text(file)
    with pytest.raises(SettingsInvalid, match=told) as raised:
        load_settings(environ, tmp_path)
    assert str(raised.value).startswith("1 fault in the settings")
    assert "s3cret" not in str(raised.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text("state = 7\nbogus = 1\n")
    with pytest.raises(SettingsInvalid) as raised:
        load_settings({"MUSTER_INSTANCE": "!", "MUSTER_NOPE": "1"}, tmp_path)
    assert "4 faults" in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@db:5432/ledger", "postgresql://ann:***@db:5432/ledger"),
        ("postgresql://ann:s3/cr@et@db/ledger", "postgresql://ann:***@db/ledger"),
        ("postgresql://db/ledger?user=ann&password=s3cret&x=1", "password=***&x=1"),
        ("postgresql://ann@db/ledger", "postgresql://ann@db/ledger"),
        ("sqlite:////data/ledger.db", "sqlite:////data/ledger.db"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str, tmp_path: Path) -> None:
    settings = load_settings({"MUSTER_DATABASE_URL": url}, tmp_path)
    assert settings.database_url == url
    for text in (repr(settings), str(settings), f"{settings}"):
        assert shown in text
        assert "s3" not in text


def test_reading_settings_imports_only_the_standard_library() -> None:
    program = (
        "import sys; import registry.settings as s; s.load_settings({}); "
        "own = {'registry', 'profiles', '__main__', '__mp_main__'} | set(sys.stdlib_module_names);"
        "print(sorted({m.split('.')[0] for m in sys.modules} - own))"
    )
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == "[]"
