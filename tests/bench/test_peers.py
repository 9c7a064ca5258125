"""Peers have environments of their own, and without one nothing is compared."""

import sys
from pathlib import Path

import pytest

from bench.measure import NotHere
from bench.measures.peers import cpu_seconds, written
from bench.peers.environment import cache, interpreter


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    file = tmp_path / "peer.txt"
    file.write_text("peer==1.0\n")
    return file


def test_an_environment_that_was_never_made_is_not_there(pins: Path, tmp_path: Path) -> None:
    with pytest.raises(NotHere, match=r"peer\.txt was never made"):
        interpreter(pins, tmp_path / "cache", build=False)


def test_an_environment_that_cannot_be_made_is_not_there_either(pins: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(NotHere, match=r"peer\.txt cannot be made: .*no-python"):
            interpreter(pins, tmp_path / "cache", python=str(tmp_path / "no-python"))


def test_an_environment_is_used_as_it_is_until_its_pins_change(pins: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    stand_in = tmp_path / "python"
    # Takes the place of `python -m venv HOME`; the interpreter that it leaves installs everything at once.
    stand_in.write_text('#!/bin/sh\nmkdir -p "$3/bin" && ln -s /bin/true "$3/bin/python"\n')
    stand_in.chmod(0o755)
    made = interpreter(pins, folder, python=str(stand_in))
    assert interpreter(pins, folder, build=False) == made
    pins.write_text("peer==2.0\n")
    with pytest.raises(NotHere):
        interpreter(pins, folder, build=False)


def test_pins_that_are_complete_are_installed_without_what_they_ask_for(pins: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    stand_in = tmp_path / "python"
    (tmp_path / "made").write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    (tmp_path / "made").chmod(0o755)
    stand_in.write_text(f'#!/bin/sh\nmkdir -p "$3/bin" && ln -s {tmp_path}/made "$3/bin/python"\n')
    stand_in.chmod(0o755)
    for text in ("peer==1.0\n", "# Complete: nothing else is installed.\npeer==1.0\n"):
        pins.write_text(text)
        interpreter(pins, tmp_path / "cache", python=str(stand_in))
    assert ["--no-deps" in line for line in told.read_text().splitlines()] == [False, True]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache() == tmp_path / "muster" / "peers"


def test_our_side_judges_all_columns_of_a_window(tmp_path: Path) -> None:
    files = written(tmp_path, rows=600)
    assert cpu_seconds([sys.executable, "-m", "bench.peers.muster_window"], files) > 0


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"failed: .*nothing here"):
        cpu_seconds([sys.executable, "-c", "raise SystemExit('nothing here')"], written(tmp_path, rows=10))
