"""What serves or is logged without any policy that watches it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from policies.policy import Policy

Kind: TypeAlias = Literal["model", "traffic"]


@dataclass(frozen=True)
class Unwatched:
    """A registered model that an alias names, or a folder of rows that no policy reads, and what is known."""

    kind: Kind
    name: str
    known: str


def unwatched_models(
    registered: Mapping[str, Sequence[str]], policies: Iterable[Policy], broken: Collection[str] = ()
) -> tuple[Unwatched, ...]:
    """Return the models of a registry (with their aliases) that no policy names, by name.

    A model is watched under whatever alias: its challengers have policies through their champion. `broken`
    are the models whose policies have faults, which are somebody's already.
    """
    named = {policy.registered_as for policy in policies} | {*broken}
    return tuple(
        Unwatched("model", name, f"alias {', '.join(sorted(aliases))}")
        for name, aliases in sorted(registered.items())
        if aliases and name not in named
    )


def paths_read(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Return the paths of files that policies read, of traffic and of labels, each once."""
    found: dict[str, None] = {}
    for policy in policies:
        for layout in (policy.traffic, policy.labels):
            if layout is not None and layout.path is not None:
                found[layout.path] = None
    return tuple(found)
