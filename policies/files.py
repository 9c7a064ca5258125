"""The folders and files of a policy root, found and read without trusting any of them."""

import stat
from pathlib import Path

from policies.faults import Fault

LARGEST = 256 * 1024
_SUFFIXES = (".yaml", ".yml")


def team_folders(root: Path) -> tuple[list[Path], list[Fault]]:
    """Return the folders of a root's teams; hidden ones are left out, and loose files are faults."""
    try:
        entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        return [], [Fault(root, 1, 1, "", f"this root cannot be read: {error.strerror}")]
    faults = [
        Fault(entry, 1, 1, "", "lies beside the teams' folders; move it into the folder of its team")
        for entry in entries
        if _is_yaml(entry) and not entry.is_dir()
    ]
    folders = []
    for entry in entries:
        if entry.is_dir():
            if _inside(entry, root):
                folders.append(entry)
            else:
                faults.append(Fault(entry, 1, 1, "", "is a link that leaves the root; make it a folder"))
    return folders, faults


def policy_files(folder: Path, root: Path) -> tuple[list[Path], list[Path], list[Fault]]:
    """Return a team's `team.yaml` (or `.yml`; two when both are there), its model files, and faults."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        deeper = [path for entry in entries if _inside(entry, root) for path in _yaml_below(entry)]
    except OSError as error:
        return [], [], [Fault(folder, 1, 1, "", f"this folder cannot be read: {error.strerror}")]
    files = [entry for entry in entries if _is_yaml(entry) and not entry.is_dir()]
    faults = [
        Fault(path, 1, 1, "", "lies too deep; a policy file lies directly in its team's folder")
        for path in deeper
    ]
    return [f for f in files if f.stem == "team"], [f for f in files if f.stem != "team"], faults


def _yaml_below(entry: Path) -> list[Path]:
    return sorted(path for path in entry.iterdir() if _is_yaml(path)) if entry.is_dir() else []


def read_text(path: Path, root: Path) -> str | Fault:
    """Return a file's text; a file that leaves the root, is no plain UTF-8 file or too large is a fault."""
    if not _inside(path, root):
        return Fault(path, 1, 1, "", "is a link that leaves the root; write the file here")
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for ever
            return Fault(path, 1, 1, "", "is not a plain file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        return Fault(path, 1, 1, "", f"cannot be read: {error.strerror}")
    if len(content) > LARGEST:
        return Fault(path, 1, 1, "", f"is larger than {LARGEST // 1024} KB; a policy has a few hundred bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        return Fault(path, line, column, "", f"is not UTF-8: byte 0x{content[error.start]:02x}")


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links leads nowhere
        return False
