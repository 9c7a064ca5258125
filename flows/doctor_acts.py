"""Which acts failed for good, and how each is tried once more."""

import shlex
from collections.abc import Iterator

from flows.again import failed_for_good, id_of
from policies.load import Fleet
from registry.ledger import Ledger


def complaints(fleet: Fleet, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Yield what nobody tries any more, each with the command that does, and groups that cannot move."""
    for failed in failed_for_good(ledger):
        intent = failed.intent
        kind = intent.kind.replace("_", " ")
        wrong = f"{kind} of {intent.model} failed for good ({intent.key}): {failed.sentence}"
        yield wrong, f"muster reconcile --again {shlex.quote(id_of(failed))}"
    known = {each.model for each in ledger.models()}
    for policy in (loaded.policy for loaded in fleet.policies):
        for other in policy.remediation.rolls_with:
            if other not in known:
                wrong = f"{policy.model} moves together with {other}, which the ledger does not know"
                mend = "correct remediation.rolls_with in its policy, or watch that model"
                yield f"{wrong}: it cannot move", mend
