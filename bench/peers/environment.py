"""Environments of their own for what Muster is measured against."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.measure import NotHere

_READY = "ready"
# Pins that say so name every package there is to be: what those ask for beyond is left out.
_COMPLETE = "Complete: nothing else is installed."


def cache() -> Path:
    """Return the folder below the user's cache that holds the environments."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "muster" / "peers"


def interpreter(
    pins: Path, folder: Path | None = None, *, build: bool = True, python: str = sys.executable
) -> Path:
    """Return the interpreter of an environment with what `pins` names, made where it is not there yet.

    Another Python or other pins are another environment. NotHere when it cannot or (without `build`) may
    not be made.
    """
    stamp = hashlib.sha256(f"{sys.version_info[:2]}{pins.read_text()}".encode()).hexdigest()[:12]
    home = (folder or cache()) / f"{pins.stem}-{stamp}"
    made = home / "bin" / "python"
    if (home / _READY).exists():
        return made
    if not build:
        raise NotHere(
            f"the environment of {pins.name} was never made; `python -m bench.peers.environment` makes it"
        )
    shutil.rmtree(home, ignore_errors=True)
    wheels = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:")
    alone = ("--no-deps",) if _COMPLETE in pins.read_text() else ()
    for command in ((python, "-m", "venv", str(home)), (str(made), *wheels, *alone, "-r", str(pins))):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
            raise NotHere(f"the environment of {pins.name} cannot be made: {said}") from error
    (home / _READY).touch()
    return made


def main() -> None:
    """Make the environment of every peer, so that the tests can take their measures."""
    for pins in sorted(Path(__file__).parent.glob("*.txt")):
        print(f"{pins.stem}: {interpreter(pins)}")


if __name__ == "__main__":
    main()
