"""Where everything lies: read once from the environment and from one optional TOML file.

Only the standard library is imported here, because every command reads the settings first.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from profiles.errors import SettingsInvalid
from registry.channels import CONSOLE, ChannelSetting, read_channels, write_channels

_PREFIX = "MUSTER_"
_CONFIG = "MUSTER_CONFIG"
_FILE = "muster.toml"
_INSTANCE = re.compile(r"[a-z0-9-]+")
_DATABASES = ("sqlite:///", "sqlite+pysqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")
_PASSWORD = re.compile(r"(://[^:/@]*:).*@")
_SECRET = re.compile(r"(?i)([?&][^=&]*(?:password|token|secret)[^=&]*=)[^&]*")

# What somebody said: the key, its value, where it was said, and where its relative paths start.
_Said: TypeAlias = tuple[str, Any, str, Path]


@dataclass(frozen=True, repr=False)
class Settings:
    """Where Muster keeps its state and finds its policies, traffic and servers.

    `policies` are roots of policy folders. `models_root` holds Muster's own copies of versions,
    `environments` the Python environments that were made for them. `traffic_root` is where relative paths
    in policies start.
    Paths are absolute; passwords in URLs never appear in `repr` or `str`.
    """

    state: Path
    policies: tuple[str, ...]
    database_url: str
    profiles_root: Path
    models_root: Path
    environments: Path
    mlflow_uri: str
    mlflow_artifacts: str
    prefect_home: Path
    instance: str
    work_pool: str
    traffic_root: Path
    channels: tuple[ChannelSetting, ...] = ()

    @property
    def channel_names(self) -> frozenset[str]:
        """The channels that policies may route to."""
        return frozenset({CONSOLE, *(channel.name for channel in self.channels)})

    def __repr__(self) -> str:
        shown = (f"{f.name}={_shown(getattr(self, f.name))!r}" for f in fields(self))
        return f"Settings({', '.join(shown)})"


def load_settings(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Read the settings from `MUSTER_*` variables, then from the file, then from the defaults.

    The file is the one that MUSTER_CONFIG names, else the nearest muster.toml from `cwd` upwards; relative
    paths start at its folder, those in variables at `cwd`. Raises SettingsInvalid with all faults at once.
    """
    environ = os.environ if environ is None else environ
    cwd = (Path.cwd() if cwd is None else cwd).absolute()
    faults: list[str] = []
    file = _file(environ, cwd, faults)
    home = cwd if file is None else file.parent
    said = [*([] if file is None else _in_file(file, faults)), *_in_environment(environ, cwd, faults)]
    read = {}
    for key, value, where, base in said:
        try:
            read[key] = _READERS[key](value, base)
        except ValueError as error:
            faults.append(f"{where} {error}")
    if faults:
        counted = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise SettingsInvalid("\n".join([f"{counted} in the settings:", *(f"  {fault}" for fault in faults)]))
    return _with_defaults(read, home)


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child process the same settings, wherever it runs."""
    written = {
        field.name: str(getattr(settings, field.name))
        for field in fields(settings)
        if getattr(settings, field.name) != ()
    }
    if settings.policies:
        written["policies"] = os.pathsep.join(settings.policies)
    if settings.channels:
        written["channels"] = write_channels(settings.channels)
    return {_PREFIX + key.upper(): value for key, value in written.items()}


def redacted(url: str) -> str:
    """Return a URL with `***` in place of its password and of secrets among its parameters."""
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


def _shown(value: Any) -> Any:
    return redacted(value) if isinstance(value, str) else value


def _file(environ: Mapping[str, str], cwd: Path, faults: list[str]) -> Path | None:
    named = environ.get(_CONFIG)
    if named is None:
        return next((f for folder in (cwd, *cwd.parents) if (f := folder / _FILE).is_file()), None)
    file = cwd / Path(named).expanduser()
    if named and file.is_file():
        return file
    faults.append(f"{_CONFIG} names {named!r}, which is no file: correct it, or unset it")
    return None


def _in_file(file: Path, faults: list[str]) -> Iterator[_Said]:
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"{file} cannot be read: {error}")
        return
    for key, value in written.items():
        if key in _READERS:
            yield key, value, f"{file}: {key}", file.parent
        else:
            faults.append(f"{file}: unknown key {key!r}{_nearest(key, _READERS)}")


def _in_environment(environ: Mapping[str, str], cwd: Path, faults: list[str]) -> Iterator[_Said]:
    keys = {_PREFIX + key.upper(): key for key in _READERS}
    for name in sorted(n for n in environ if n.startswith(_PREFIX) and n != _CONFIG):
        if name not in keys:
            faults.append(f"unknown variable {name}{_nearest(name, (*keys, _CONFIG))}")
            continue
        key, value = keys[name], environ[name]
        yield key, value.split(os.pathsep) if key == "policies" else value, name, cwd


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known := list(known), n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"


def _text(value: Any, _base: Path) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has to be a text, found {value!r}")  # noqa: TRY004 - collected as a fault
    if not value.strip():
        raise ValueError("is empty: give it a value, or leave it out")
    return value


def _path(value: Any, base: Path) -> Path:
    return Path(os.path.normpath(base / Path(_text(value, base)).expanduser()))


def _location(value: Any, base: Path) -> str:
    """A folder, or a URL such as s3://bucket/folder, which stays as it is."""
    text = _text(value, base)
    return text if "://" in text else str(_path(text, base))


def _roots(value: Any, base: Path) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"has to be a list of folders, found {value!r}")  # noqa: TRY004 - as above
    return tuple(_location(root, base) for root in value)


def _uri(value: Any, base: Path) -> str:
    """A URL; the file of a relative sqlite:/// URL starts at the base folder like any other path."""
    text = _text(value, base)
    scheme, found, file = text.partition(":///")
    if not found or not scheme.startswith("sqlite") or file in {"", ":memory:"}:
        return text
    return f"{scheme}:///{_path(file, base)}"


def _database(value: Any, base: Path) -> str:
    url = _uri(value, base)
    if not url.startswith(_DATABASES):
        raise ValueError(
            f"has to be sqlite:///file or postgresql://user@host/database, found {redacted(url)!r}"
        )
    return url


def _instance(value: Any, base: Path) -> str:
    name = _text(value, base)
    if not _INSTANCE.fullmatch(name):
        raise ValueError(f"has to be of a-z, 0-9 and dashes, found {name!r}")
    return name


def _channels(value: Any, _base: Path) -> tuple[ChannelSetting, ...]:
    return read_channels(value)


_READERS: Mapping[str, Callable[[Any, Path], Any]] = {
    "state": _path,
    "policies": _roots,
    "database_url": _database,
    "profiles_root": _path,
    "models_root": _path,
    "environments": _path,
    "mlflow_uri": _uri,
    "mlflow_artifacts": _location,
    "prefect_home": _path,
    "instance": _instance,
    "work_pool": _text,
    "traffic_root": _path,
    "channels": _channels,
}


def _with_defaults(written: Mapping[str, Any], home: Path) -> Settings:
    state: Path = written.get("state", home / ".muster")
    defaults: dict[str, Any] = {
        "state": state,
        "policies": (),
        "database_url": f"sqlite:///{state / 'ledger.db'}",
        "profiles_root": state / "profiles",
        "models_root": state / "models",
        "environments": state / "environments",
        "mlflow_uri": f"sqlite:///{state / 'mlflow.db'}",
        "mlflow_artifacts": str(state / "mlflow-artifacts"),
        "prefect_home": state / "prefect",
        "instance": "muster",
        "work_pool": "muster",
        "traffic_root": home,
        "channels": (),
    }
    return Settings(**{**defaults, **written})
