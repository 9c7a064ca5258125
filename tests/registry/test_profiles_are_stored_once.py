"""The profile store: content-addressed, immutable, whole or not there."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from profiles.effects import observed
from profiles.errors import ProfileUnreadable
from registry.canonical import digest
from registry.profile_store import ProfileStore

PROFILE = b"a sketch of a day " * 500


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(tmp_path / "state" / "profiles")


def test_a_profile_comes_back_under_the_digest_of_its_bytes(store: ProfileStore) -> None:
    name = store.put(PROFILE)
    assert name == digest(PROFILE)
    assert store.get(name) == PROFILE
    assert store.path(name).stat().st_size < len(PROFILE) / 10
    assert store.put(b"") == digest(b"")
    assert store.get(digest(b"")) == b""


def test_storing_again_changes_nothing(store: ProfileStore) -> None:
    file = store.path(store.put(PROFILE))
    before = file.stat().st_ino
    effects: list[str] = []
    with observed(effects.append):
        store.put(PROFILE)
    assert (file.stat().st_ino, effects) == (before, [])


def test_what_is_exported_is_what_was_sketched(store: ProfileStore, tmp_path: Path) -> None:
    store.export(store.put(PROFILE), tmp_path / "window.bin")
    assert (tmp_path / "window.bin").read_bytes() == PROFILE


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda file: file.unlink(), "is not stored below"),
        (lambda file: file.write_bytes(file.read_bytes()[:-7]), "cannot be read|should hold"),
        (lambda file: file.write_bytes(b"not compressed"), "cannot be read"),
        (lambda file: file.write_bytes(b""), "cannot be read|should hold"),
    ],
)
def test_damage_is_told_and_healed_by_storing_again(store: ProfileStore, damage: object, told: str) -> None:
    name = store.put(PROFILE)
    damage(store.path(name))  # type: ignore[operator]
    with pytest.raises(ProfileUnreadable, match=told):
        store.get(name)
    assert store.put(PROFILE) == name
    assert store.get(name) == PROFILE


def test_a_profile_under_another_name_is_not_believed(store: ProfileStore) -> None:
    name, other = store.put(PROFILE), store.put(b"another day")
    store.path(other).replace(store.path(name))
    with pytest.raises(ProfileUnreadable, match=f"holds {other}"):
        store.get(name)


@pytest.mark.parametrize("name", ["", "sha256:", "md5:00", f"sha256:{'0' * 63}/", "sha256:../../etc"])
def test_only_digests_are_names(store: ProfileStore, name: str) -> None:
    with pytest.raises(ProfileUnreadable, match="names no profile"):
        store.get(name)


def test_a_crash_leaves_a_temporary_file_that_is_swept(store: ProfileStore, tmp_path: Path) -> None:
    class Death(BaseException):
        pass

    def die(point: str) -> None:
        assert point == "before profile.rename"
        raise Death

    with observed(die), pytest.raises(Death):
        store.put(PROFILE)
    with pytest.raises(ProfileUnreadable, match="is not stored"):
        store.get(digest(PROFILE))
    name = store.put(PROFILE)
    (left,) = tmp_path.rglob("*.tmp")
    os.utime(left, (1000, 1000))
    assert store.sweep(datetime.fromtimestamp(999, UTC)) == 0
    assert store.sweep(datetime.fromtimestamp(1001, UTC)) == 1
    assert list(tmp_path.rglob("*.tmp")) == []
    assert store.get(name) == PROFILE


def test_many_threads_may_store_the_same_profile(store: ProfileStore, tmp_path: Path) -> None:
    threads = [threading.Thread(target=store.put, args=(PROFILE,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(digest(PROFILE)) == PROFILE
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("a file, not a folder")
    with pytest.raises(ProfileUnreadable, match="cannot be stored below"):
        ProfileStore(tmp_path / "profiles").put(PROFILE)
