"""What Muster would have done, and what that would have gained, in lines."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from policies.grading import GRADED, Grade
from profiles.window import Window
from registry.intent_records import RecordedIntent
from reports.words import moment


def observed_lines(intents: Sequence[RecordedIntent], grades: Sequence[Grade], last: int) -> tuple[str, ...]:
    """Return a line per act that was only observed, the newest `last` of them, oldest first."""
    graded = {(each.model, each.intent): each for each in grades}
    observed = [each for each in intents if each.status == "observed"]
    return tuple(_line(each, graded.get((each.intent.model, each.intent.key))) for each in observed[-last:])


def observed_of(
    window: Window, intents: Sequence[RecordedIntent], grades: Sequence[Grade]
) -> tuple[str, ...]:
    """Return the lines of the acts that a window asked for, and of those that it had a part in grading."""
    graded_by = {each.intent for each in grades if each.since <= window.start < each.until}
    asked = window.start.isoformat()
    mine = [
        each for each in intents if each.intent.key in graded_by or each.intent.content.get("window") == asked
    ]
    return observed_lines(mine, grades, max(len(mine), 1))


def observed_section(lines: Sequence[str]) -> tuple[RenderableType, ...]:
    """Return lines under their heading, for a terminal."""
    return "", "only observed:", *(Text(f"- {line}") for line in lines)


def _line(observed: RecordedIntent, grade: Grade | None) -> str:
    intent = observed.intent
    said = f"{moment(observed.recorded_at)} {intent.model}: Muster would {intent.sentence}"
    if grade is not None:
        return f"{said}; {grade.sentence}"
    return f"{said}; not graded yet" if intent.kind in GRADED else said
