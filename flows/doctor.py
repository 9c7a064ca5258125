"""What is wrong with an installation, and the command that mends it. Looks only; changes nothing.

Each check answers with complaints. A check that cannot be made because an earlier part does not answer is
left out: the part's own complaint says enough.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from flows import doctor_acts, doctor_alerts, doctor_rollback
from flows.standing import who_stands
from flows.world import sight_of
from policies.load import Fleet
from profiles.errors import LedgerUnavailable, MusterError, RegistryUnavailable
from profiles.see import first_seen
from registry.ledger import Ledger
from registry.records import PROPOSED
from registry.settings import Settings
from registry.versions import MlflowVersions

_PROJECT = "muster"
_LISTED = 5


@dataclass(frozen=True)
class Complaint:
    """Something that is wrong, in a sentence, and what mends it: a command or an act."""

    about: str
    wrong: str
    mend: str


@dataclass(frozen=True)
class Examination:
    """What was looked at, in order, and all complaints."""

    looked_at: tuple[str, ...]
    complaints: tuple[Complaint, ...]


def examine(settings: Settings, fleet: Fleet, environ: Mapping[str, str]) -> Examination:
    """Look at everything that Muster stands on; raises nothing that it was written to find."""
    complaints = [*_packages(), *_policies(fleet)]
    looked_at = ["installed packages", "policies"]
    parts: tuple[tuple[str, Callable[[], Iterator[Complaint]]], ...] = (
        ("ledger", lambda: _ledger(settings, fleet)),
        ("rollback", lambda: _rollback(settings, fleet)),
        ("acts", lambda: _acts(settings, fleet)),
        ("model registry", lambda: _registry(settings, fleet)),
        ("traffic", lambda: _traffic(settings, fleet)),
        ("alerts", lambda: _alerts(settings, fleet, environ)),
        ("Prefect", lambda: _prefect(settings, fleet, environ)),
    )
    for name, look in parts:
        looked_at.append(name)
        complaints += look()
    return Examination(tuple(looked_at), tuple(complaints))


def _packages() -> Iterator[Complaint]:
    """Complain about packages outside the ranges that were tested: some fail only at night, and silently."""
    for line in metadata.requires(_PROJECT) or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            found = None
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            there = "is not installed" if found is None else f"is {found}"
            yield Complaint(
                "installed packages",
                f"{wanted.name} {there}; Muster was tested with {wanted.specifier}",
                "pip install -c constraints.txt -e .",
            )


def _policies(fleet: Fleet) -> Iterator[Complaint]:
    for fault in fleet.faults:
        yield Complaint("policies", str(fault), "muster policy check")
    if not fleet.policies and not fleet.faults:
        yield Complaint("policies", "no model has a policy", "muster init --traffic PATH")


def _ledger(settings: Settings, fleet: Fleet) -> Iterator[Complaint]:
    if not _is_there(settings):
        yield Complaint("ledger", "there is no ledger yet", "muster watch MODEL")
        return
    try:
        with Ledger.open(settings.database_url, migrate=False) as ledger:
            recorded = {each.model for each in ledger.models()}
            never = [each.policy.model for each in fleet.policies if each.policy.model not in recorded]
            if never:
                yield Complaint("ledger", f"never watched: {_listed(never)}", f"muster watch {never[0]}")
            mine = sorted(recorded & {each.policy.model for each in fleet.policies})
            served = {model: _champion(model, ledger) for model in mine}
            unserved = [model for model in mine if served[model] is None]
            if unserved:
                wrong = f"nobody serves that Muster knows of: {_listed(unserved)}"
                yield Complaint("ledger", wrong, f"muster watch {unserved[0]}")
            for model, champion in served.items():
                if champion is not None:
                    yield from _compared(model, champion, ledger)
    except LedgerUnavailable as error:
        yield Complaint("ledger", str(error), "correct database_url, or start the database")


def _rollback(settings: Settings, fleet: Fleet) -> Iterator[Complaint]:
    with _opened(settings) as ledger:
        found = () if ledger is None else doctor_rollback.complaints(settings, fleet, ledger)
        yield from (Complaint("rollback", *each) for each in found)


def _acts(settings: Settings, fleet: Fleet) -> Iterator[Complaint]:
    with _opened(settings) as ledger:
        found = () if ledger is None else doctor_acts.complaints(fleet, ledger)
        yield from (Complaint("acts", *each) for each in found)


@contextmanager
def _opened(settings: Settings) -> Iterator[Ledger | None]:
    """Give the ledger; None where it cannot be used, which is said where it is looked at itself."""
    if not _is_there(settings):
        yield None
        return
    try:
        ledger = Ledger.open(settings.database_url, migrate=False)
    except LedgerUnavailable:
        yield None
        return
    with ledger:
        yield ledger


def _is_there(settings: Settings) -> bool:
    """Say whether there is a database to look into; looking makes none."""
    return not settings.database_url.startswith("sqlite") or Path(_file(settings.database_url)).exists()


def _champion(model: str, ledger: Ledger) -> str | None:
    assignment = ledger.assignment(model)
    return None if assignment is None else assignment.champion


def _compared(model: str, champion: str, ledger: Ledger) -> Iterator[Complaint]:
    """Complain about a model whose windows are compared with nothing, or with what nobody confirmed."""
    bound = ledger.baseline(model, champion)
    serving = f"version {champion} of {model}"
    if bound is None:
        wrong = f"{serving} has no baseline, so its windows are judged by nothing"
        yield Complaint("ledger", wrong, f"muster baseline set {model} --from TIME --to TIME")
    elif bound.name == PROPOSED:
        wrong = f"the baseline of {serving} was proposed and nobody confirmed it"
        yield Complaint("ledger", wrong, f"muster baseline set {model}")


def _registry(settings: Settings, fleet: Fleet) -> Iterator[Complaint]:
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    for loaded in fleet.policies:
        policy = loaded.policy
        try:
            served = versions.served(policy.registered_as, policy.alias)
        except RegistryUnavailable as error:
            yield Complaint("model registry", str(error), "start the server, or correct mlflow_uri")
            return
        names_versions = policy.traffic.version is None and policy.traffic.version_is is None
        if served is None and names_versions and policy.authority == "muster":
            wrong = f"no version of {policy.registered_as} has the alias {policy.alias}"
            yield Complaint("model registry", wrong, "register one and point the alias at it")


def _traffic(settings: Settings, fleet: Fleet) -> Iterator[Complaint]:
    empty = []
    for loaded in fleet.policies:
        policy = loaded.policy
        try:
            seen = first_seen(sight_of(policy, settings.traffic_root))
        except MusterError as error:
            yield Complaint("traffic", f"{policy.model}: {error}", "correct traffic in its policy")
            continue
        if seen is None:
            empty.append(f"{policy.model} ({policy.traffic.path or 'its query'})")
    if empty:
        yield Complaint("traffic", f"no row of {_listed(empty)}", "correct traffic.path, or send traffic")


def _alerts(settings: Settings, fleet: Fleet, environ: Mapping[str, str]) -> Iterator[Complaint]:
    for wrong, mend in doctor_alerts.complaints(settings, fleet, environ):
        yield Complaint("alerts", wrong, mend)


def _prefect(settings: Settings, fleet: Fleet, environ: Mapping[str, str]) -> Iterator[Complaint]:
    stands = who_stands(settings)
    if stands is None and "PREFECT_API_URL" not in environ:
        yield Complaint("Prefect", "no server runs, so nothing is watched by schedule", "muster up")
        return
    from flows.doctor_prefect import complaints

    for wrong, mend in complaints(settings, fleet):
        yield Complaint("Prefect", wrong, mend)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _file(url: str) -> str:
    return url.partition(":///")[2]
