"""What can be asked of the ledger for error budgets: how each window counted, without reading it whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import cast, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col, select

from policies.budget import counted, spans
from policies.policy import Budget, Policy
from policies.spending import Counts, Event
from policies.verdict import Status
from policies.within_budget import kept
from profiles.window import Window
from registry.tables import VerdictRow
from registry.window_questions import WindowQuestions

_OBJECTIVES = (
    *("freshness", "volume", "quality", "drift"),
    *("performance", "value", "latency", "errors"),
)


class BudgetQuestions(WindowQuestions):
    """Everything that error budgets are counted from; raises LedgerUnavailable."""

    def budget_counts(self, policy: Policy, window: Window) -> Mapping[str, tuple[Counts, ...]]:
        """Return, per objective with a budget, what was counted before `window` in the budget's spans."""
        budgets = budgets_of(policy)
        if not budgets:
            return {}
        since = min(
            policy.cadence.before(window.start, max(spans(budget, policy.cadence)) - 1)
            for budget in budgets.values()
        )
        events = self.budget_events(policy.model, tuple(budgets), since, window.start)
        return {
            objective: counted(window, budget, policy.cadence, events.get(objective, ()))
            for objective, budget in budgets.items()
        }

    def budget_events(
        self, model: str, objectives: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, tuple[Event, ...]]:
        """Return how the windows that start in since <= start < until count, per objective, oldest first.

        Of each window the newest verdict on the newest reading counts, once. The database takes the few
        fields out of the stored verdicts, so that none of them is built.
        """
        each, named, fields = _beside_verdicts(self._database.dialect)
        query: Any = (
            select(VerdictRow.window_start, VerdictRow.reading_revision, VerdictRow.policy_digest, named)
            .add_columns(*fields)
            .join(each, named.in_(objectives), isouter=True)
            .where(
                col(VerdictRow.model) == model,
                col(VerdictRow.window_start) >= since,
                col(VerdictRow.window_start) < until,
            )
            .order_by(
                col(VerdictRow.window_start),
                col(VerdictRow.reading_revision),
                col(VerdictRow.recorded_at),
                col(VerdictRow.policy_digest).desc(),
            )
        )
        with self._database.reading() as session:
            rows = session.exec(query).all()
        # The last verdict on a window counts, even where it no longer has the objective.
        newest = {start: (revision, digest) for start, revision, digest, *_ in rows}
        found: dict[str, dict[datetime, Event]] = {}
        for start, revision, digest, objective, *counts in rows:
            if objective is not None and newest[start] == (revision, digest):
                found.setdefault(objective, {})[start] = _event(start, *counts)
        return {objective: tuple(events.values()) for objective, events in found.items()}


def _beside_verdicts(dialect: str) -> tuple[Any, Any, tuple[Any, ...]]:
    """Return each verdict's objectives as rows of their own: the rows, the name, and what `_event` takes.

    Both databases can, by functions of their own.
    """
    if dialect == "postgresql":
        # This server refuses a NUL anywhere in what it reads; a column may be called so.
        content = cast(func.replace(col(VerdictRow.content), r"\u0000", r"\ufffd"), JSONB)
        each = func.jsonb_array_elements(content["objectives"]).table_valued("value")
        end: Any = content["window"]["end"].astext

        def field(*path: str) -> Any:
            return func.jsonb_extract_path_text(each.c.value, *path)
    else:
        each = func.json_each(col(VerdictRow.content), "$.objectives").table_valued("value")
        end = func.json_extract(col(VerdictRow.content), "$.window.end")

        def field(*path: str) -> Any:
            return func.json_extract(each.c.value, f"$.{'.'.join(path)}")

    counts = (field("budget", "bad_rows"), field("budget", "rows"))
    return each, field("objective"), (end, field("status"), field("budget", "kept"), *counts)


def budgets_of(policy: Policy) -> Mapping[str, Budget]:
    """Return the error budgets of a policy by objective."""
    targets = {name: getattr(policy, name) for name in _OBJECTIVES}
    return {
        name: target.budget
        for name, target in targets.items()
        if target is not None and target.budget is not None
    }


def _event(
    start: datetime, end: str, status: str, state: Any, bad_rows: int | str | None, rows: int | str | None
) -> Event:
    return Event(
        start=start,
        end=datetime.fromisoformat(end),
        kept=state or kept(Status(status)),
        bad_rows=None if bad_rows is None else int(bad_rows),
        rows=None if rows is None else int(rows),
    )
