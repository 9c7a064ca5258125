"""What became of a model that Muster acts on, told from its ledger alone: facts in, a sentence out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.markup import escape

from policies.incidents import Incident
from policies.objectives.wording import number, percent
from policies.outages import OUTAGES
from registry.contests import contests
from registry.intent_records import RecordedIntent
from registry.ledger import Ledger
from registry.records import Judged, Transition
from reports.fitting import table

_BLIND = timedelta(0)
_CHAMPIONS_CHANGE = ("promoted", "rolled_back")


@dataclass(frozen=True)
class Story:
    """All that is told of one model.

    `compared` are the labelled rows that each transition, by its revision, was decided on. `told` are the
    first lines of the alerts that were delivered, each with its time.
    """

    model: str
    metric: str
    windows: tuple[Judged, ...]
    transitions: tuple[Transition, ...]
    retrainings: tuple[RecordedIntent, ...]
    incidents: tuple[Incident, ...]
    sent: tuple[RecordedIntent, ...] = ()
    compared: dict[int, int] = field(default_factory=dict)

    @property
    def began(self) -> datetime | None:
        """When the first incident of the model began."""
        return min((each.began for each in self.incidents), default=None)

    @property
    def settled(self) -> datetime | None:
        """Since when what the model came to holds: its last change of champion, or its incidents' end."""
        changes = [each.at for each in self.transitions if each.kind in _CHAMPIONS_CHANGE]
        ends = [each.last for each in self.incidents if each.resolved is not None]
        return max(changes or ends, default=None)


def read_story(ledger: Ledger, model: str) -> Story:
    """Read what the ledger holds of a model."""
    recorded = ledger.current_policy(model)
    assert recorded is not None  # noqa: S101 - a model that was watched has one
    policy, transitions = recorded.policy, ledger.transitions(model)
    wait = _BLIND if policy.labels is None else policy.labels.arrives_within
    return Story(
        model=model,
        metric="" if policy.performance is None else policy.performance.score,
        windows=ledger.windows(model),
        transitions=transitions,
        retrainings=ledger.intents(model, ("retrain",)),
        incidents=ledger.incidents(model),
        sent=ledger.intents(model, ("send",)),
        compared={
            each.revision: _compared(transitions[:place], each.at - wait, ledger)
            for place, each in enumerate(transitions)
        },
    )


def _compared(before: Sequence[Transition], until: datetime, ledger: Ledger) -> int:
    """Count the labelled rows on which two versions had been compared when a transition followed."""
    return sum(
        each.mirrored.paired.rows
        for contest in contests(before)
        for each in ledger.paired_readings(contest)
        if each.window.end <= until
    )


def scores(story: Story) -> tuple[float | None, float | None, float | None]:
    """Return the mean score of the days before the first incident, until it was settled, and since then."""
    began, settled = story.began, story.settled
    days = [each for each in story.windows if story.metric in each.reading.scores]
    before = [each for each in days if began is None or each.reading.window.end <= began]
    since = [each for each in days if settled is not None and each.reading.window.start >= settled]
    within = [each for each in days if each not in before and each not in since]
    return _mean(story, before), _mean(story, within), _mean(story, since)


def _mean(story: Story, days: Sequence[Judged]) -> float | None:
    found = [each.reading.scores[story.metric] for each in days]
    rows = sum(score.rows for score in found)
    return sum(score.value * score.rows for score in found) / rows if rows else None


def sentence(story: Story) -> str:
    """Tell what happened in its order: `drifted 8 Nov; retrained 9 Nov on the last 1d (...); ...`."""
    happened = sorted([*_drifts(story), *_outages(story), *_made(story), *_moves(story)])
    return "; ".join(said for _, _, said in happened) or "nothing happened"


def _drifts(story: Story) -> Iterator[tuple[datetime, int, str]]:
    """Yield that the model got worse, where no outage explains it."""
    first = next((each for each in story.incidents if each.kind == "performance"), None)
    if first is None or any(each.kind in OUTAGES and _overlap(each, first) for each in story.incidents):
        return
    yield first.began, 0, f"drifted {_day(first.began)}"


def _overlap(one: Incident, other: Incident) -> bool:
    return one.began <= other.last and other.began <= one.last


def _outages(story: Story) -> Iterator[tuple[datetime, int, str]]:
    for incident in story.incidents:
        if incident.kind not in OUTAGES:
            continue
        columns = " and ".join(incident.columns)
        what = f"{incident.kind.replace('_', ' ')} of {columns}" if columns else incident.kind
        yield incident.began, 0, f"{what} from {_day(incident.began)}"
        for each in story.sent:
            alert = each.intent.content["alert"]
            if each.status == "done" and alert["incident"] == incident.name and alert["kind"] == "opened":
                yield each.recorded_at, 1, f"{incident.severity} alert {_day(each.recorded_at)}"
                if "does not make a challenger" in alert["doing"]:
                    yield each.recorded_at, 2, f"not retrained ({_why_not(alert['doing'])})"
        if incident.resolved is not None:
            yield incident.last + timedelta(days=1), 3, f"over {_day(incident.last)}"


def _why_not(doing: str) -> str:
    return doing.partition("does not make a challenger: ")[2].partition(":")[0]


def _made(story: Story) -> Iterator[tuple[datetime, int, str]]:
    for each in story.retrainings:
        result = each.result or {}
        if "version" in result:
            said = str(result["comparison"]).partition(" than the champion")[0]
            yield each.recorded_at, 3, f"retrained {_day(each.recorded_at)} on the {said}"
        elif each.status == "done":
            yield each.recorded_at, 3, f"retrained {_day(each.recorded_at)}, which did not help"
        else:
            yield (
                each.recorded_at,
                3,
                f"a retraining was asked for {_day(each.recorded_at)} and {each.status}",
            )


def _moves(story: Story) -> Iterator[tuple[datetime, int, str]]:
    for each in story.transitions:
        rows, day = story.compared.get(each.revision, 0), _day(each.at)
        after, before = each.after, each.before
        answered = "" if before is None or not rows else f" after {rows:,} rows"
        if each.kind == "shadowed":
            yield each.at, 4, f"version {after.challenger} in shadow"
        elif each.kind in {"canaried", "stepped"}:
            yield each.at, 4, f"{percent(after.weight)} of the requests from {day}{answered}"
        elif each.kind == "promoted":
            yield each.at, 4, f"promoted {day}{answered}"
        elif each.kind == "baked":
            yield each.at, 4, f"proved itself until {day}"
        elif each.kind == "rejected":
            yield each.at, 4, f"refused {day}: {_short(each.reason)}"
        elif each.kind == "rolled_back":
            who = "by itself" if each.actor_kind == "muster" else f"by {each.actor}"
            yield each.at, 4, f"rolled back {who} {day}: {_short(each.reason)}"


def _short(reason: str) -> str:
    return reason.partition(" (between")[0].replace("_", " ")


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def story_table(stories: Iterable[Story]) -> RenderableType:
    """Return a row per model: what happened, and its score before, while that lasted, and since."""
    made = table("What Muster did")
    made.add_column("model", no_wrap=True)
    made.add_column("what happened")
    for header in ("score before", "meanwhile", "since"):
        made.add_column(header, no_wrap=True, justify="right")
    for story in stories:
        said = (f"{story.metric} {number(value)}" if value is not None else "" for value in scores(story))
        made.add_row(escape(story.model), escape(sentence(story)), *said)
    return made
