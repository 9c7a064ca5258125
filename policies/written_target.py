"""What a policy file says of who carries out a change of who serves."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from policies.faults import Problem
from policies.target import DEADLINE, Target, TargetKind
from policies.written_types import AliasName, Duration, Written

_KINDS: tuple[TargetKind, ...] = ("mlflow_alias", "command", "webhook")
_TRAFFIC = "traffic"

Reference = Annotated[
    str,
    Field(
        max_length=200, pattern="^env:[A-Za-z_][A-Za-z0-9_]*$", json_schema_extra={"examples": ["env:URL"]}
    ),
]


class TargetFile(Written):
    """Who makes a version answer, and how that is seen: one of mlflow_alias, command and webhook."""

    mlflow_alias: AliasName | None = Field(
        None, description="The alias that is moved, for what loads by alias; default: the policy's alias"
    )
    command: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        None, description="A command that is given the assignment as JSON on its standard input"
    )
    webhook: Reference | None = Field(
        None, description="Where the assignment is posted: env:NAME of the variable that holds the URL"
    )
    secret: Reference | None = Field(
        None, description="What the webhook's requests are signed with: env:NAME of the variable"
    )
    splits: bool | None = Field(
        None,
        strict=True,
        description="The command or webhook gives a canary its share of the requests, and the log says in"
        " traffic.version who answered; default: false",
    )
    verify: Annotated[str, Field(max_length=1000, pattern="^(traffic|https?://.+)$")] | None = Field(
        None,
        description="What says which version answers: traffic (the prediction log), or a URL whose answer is"
        " the version, or JSON with the key version",
    )
    deadline: Duration | None = Field(
        None,
        description="What is not seen within this is an incident; default: 15m, or a longer cadence",
    )


def target(own: TargetFile, team: TargetFile, cadence: timedelta) -> Target:
    """Fill in every default: the model's value, else the team's, else Muster's.

    A model that names who carries changes out inherits neither its team's secret nor that it splits.
    """
    source = own if _named(own) else team
    kind: TargetKind = next(iter(_named(source)), "mlflow_alias")
    verify = own.verify or team.verify or _TRAFFIC
    return Target(
        kind=kind,
        entry=getattr(source, kind),
        secret=source.secret,
        probe=None if verify == _TRAFFIC else verify,
        deadline=own.deadline or team.deadline or max(DEADLINE, cadence),
        splits=bool(source.splits),
    )


def target_contradicts(own: TargetFile, team: TargetFile, version: str | None) -> Iterator[Problem]:
    """Yield what is wrong with `target` although every key by itself is right.

    `version` is the column of the log that says who answered.
    """
    named = _named(own)
    if len(named) > 1:
        yield Problem(("target", named[1]), f"{named[0]} is named as well; one of them carries changes out")
    elif own.webhook is not None and own.secret is None:
        yield Problem(("target", "webhook"), "needs a secret to sign its requests with, such as env:SECRET")
    elif own.secret is not None and own.webhook is None:
        yield Problem(("target", "secret"), "signs the requests of a webhook; name one, or leave it out")
    wants_version = (own if named else team).splits and version is None
    if own.splits and own.command is None and own.webhook is None:
        yield Problem(("target", "splits"), "is for a command or a webhook; name one beside it")
    elif wants_version:
        where = ("target", "splits") if named else ("traffic",)
        yield Problem(where, "needs traffic.version: by that column of the log a canary's rows are counted")


def written(target: Target) -> dict[str, Any]:
    """Return what a policy file would say that says everything."""
    keys: dict[str, Any] = {} if target.entry is None else {str(target.kind): target.entry}
    return {
        **keys,
        **({} if target.secret is None else {"secret": target.secret}),
        **({"splits": True} if target.splits else {}),
        "verify": target.probe or _TRAFFIC,
        "deadline": target.deadline,
    }


def _named(file: TargetFile) -> list[TargetKind]:
    return [kind for kind in _KINDS if getattr(file, kind) is not None]
