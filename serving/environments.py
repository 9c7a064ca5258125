"""Which interpreter a version runs with: one that a policy names, one made for it, or ours if it fits."""

import hashlib
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from profiles.errors import ServiceFailed
from serving.model_file import ModelFile

# What reading and writing rows takes, whatever the model needs.
ROWS = ("pandas", "pyarrow")


def interpreter(model: ModelFile, named: str | None, root: Path, environments: Path, what: str) -> Path:
    """Return the interpreter for a version, in this order of preference.

    The one that the policy names (relative to `root`), `<environments>/<key>/bin/python` (see `key`), and
    the one that runs now, where it has all that was recorded for the version. ServiceFailed says how to make
    one. `what` names the version.
    """
    if named is not None:
        chosen = root / Path(named).expanduser()
        if not chosen.is_file():
            raise ServiceFailed(f"{what} is to run with {chosen}, which is no file; correct trainer.python")
        return chosen
    made = environments / key(model)
    if (made / "bin" / "python").exists():
        return made / "bin" / "python"
    missing = lacking(model)
    if not missing:
        return Path(sys.executable)
    python = "python" if model.python is None else f"python{_minor(model.python)}"
    wanted = " ".join(f"'{each}'" for each in (*model.requirements, *_rows_of(model)))
    raise ServiceFailed(
        f"{what} was made with another environment than this one ({'; '.join(missing[:3])}); make it with\n"
        f"  {python} -m venv {made} && {made}/bin/pip install {wanted}\n"
        "or name an interpreter in the policy, as remediation: {trainer: {python: PATH}}"
    )


def key(model: ModelFile) -> str:
    """Return what the environment of a version is called: twelve digits of the digest of what it needs."""
    python = "" if model.python is None else _minor(model.python)
    needed = "\n".join([python, *sorted(model.requirements)])
    return hashlib.sha256(needed.encode()).hexdigest()[:12]


def lacking(model: ModelFile) -> list[str]:
    """Say what of a version's environment this interpreter does not have; nothing where it fits."""
    found = [said for line in model.requirements if (said := _lacks(line)) is not None]
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if model.python is not None and _minor(model.python) != ours:
        found.insert(0, f"Python {model.python}, this is {ours}")
    return found


def _lacks(line: str) -> str | None:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return f"{line!r} cannot be checked"
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        there = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{line}, not installed here"
    if wanted.url is not None or not wanted.specifier.contains(there, prereleases=True):
        return f"{line}, here {there}"
    return None


def _rows_of(model: ModelFile) -> list[str]:
    named = {line.partition("==")[0].strip().lower() for line in model.requirements}
    return [each for each in ROWS if each not in named]


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
