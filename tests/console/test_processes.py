"""The command as real processes: what only a process shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import MODEL, Installation

CHECKOUT = Path(__file__).parents[2]


def typed(
    installation: Installation, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console.main", *arguments],
        cwd=installation.folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 0),
        (("status", "--exit-code"), 3),
        (("why", "shop.price"), 1),
        (("nonsense",), 2),
        (("status", "--nonsense"), 2),
    ],
)
def test_a_process_ends_with_the_documented_exit_code(
    installed: Installation, arguments: tuple[str, ...], code: int
) -> None:
    done = typed(installed, *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == (code in {1, 2})


def test_output_into_a_pipe_is_plain_text_with_a_row_a_line(installed: Installation) -> None:
    done = typed(installed, "status", MODEL, TERM="xterm-256color")
    assert "\x1b" not in done.stdout
    rows, _, observed = done.stdout.partition("\n\nonly observed:\n")
    assert len(rows.splitlines()) == 9
    assert observed.startswith("- ")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('polices = ["p"]', "did you mean policies?"),
        ("state = 3", "has to be a text"),
        ("state = ", "cannot be read"),
    ],
)
def test_broken_settings_are_one_message(installed: Installation, settings: str, said: str) -> None:
    (installed.folder / "muster.toml").write_text(settings)
    done = typed(installed, "status")
    assert done.returncode == 1
    assert done.stderr.startswith("muster: 1 fault in the settings:")
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("commands", "spared"),
    [
        ([["--help"]], {"rich", "pydantic", "sqlalchemy", "prefect", "mlflow", "numpy"}),
        ([["status"], ["why", MODEL]], {"prefect", "mlflow", "pandas", "sklearn", "alembic"}),
        ([["policy", "check"]], {"prefect", "mlflow", "pandas", "sklearn", "sqlalchemy"}),
    ],
)
def test_a_command_imports_none_of_the_tools_that_it_does_not_need(
    installed: Installation, commands: list[list[str]], spared: set[str]
) -> None:
    code = (
        f"import sys; from console.main import muster\n"
        f"for command in {commands!r}: muster(command, standalone_mode=False)\n"
        f"print(sorted({spared!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=installed.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
