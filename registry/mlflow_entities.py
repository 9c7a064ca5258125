"""What MLflow's client answers, holds and raises, as our own values and errors; needs no MLflow itself."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from profiles.errors import RegistryUnavailable
from profiles.held_out import HeldOut
from registry.canonical import load
from registry.model_registry import ServedVersion
from registry.registering import TOLD


def served_version(found: Any) -> ServedVersion:
    """Translate MLflow's entity; its version is a number or a text, depending on the store."""
    return ServedVersion(
        name=found.name,
        version=str(found.version),
        run_id=found.run_id or None,
        source=found.source,
        registered_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        told={name.removeprefix(TOLD): value for name, value in found.tags.items() if name.startswith(TOLD)},
        registered_by=found.user_id or None,
    )


def held_out_of(file: Path) -> HeldOut | None:
    """Return what held-out rows tell, from the file beside a baseline; None where there is none."""
    return load(HeldOut, file.read_text()) if file.exists() else None


def folder_of(baseline: str) -> str:
    """Return a folder for a baseline's files; a slice is named by values that no file system may like."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", baseline):
        return baseline
    return f"slice-{hashlib.sha256(baseline.encode()).hexdigest()[:16]}"


def unavailable(uri: str, error: Exception) -> RegistryUnavailable:
    """Return what is told of a registry's failure, without credentials in the text."""
    credentials = urlsplit(uri).netloc.rpartition("@")[0]
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if credentials:
        said, uri = (text.replace(f"{credentials}@", "") for text in (said, uri))
    return RegistryUnavailable(
        f"the model registry at {uri} did not answer as expected: {said}; "
        "check MUSTER_MLFLOW_URI and whether the server runs"
    )
