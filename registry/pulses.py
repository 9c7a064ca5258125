"""Which feeds cannot be read, and since when: the one thing that a pulse leaves for the next."""

from sqlmodel import Session

from policies.pulse import Pulse
from registry.tables import UnreadableRow


def is_news(session: Session, pulse: Pulse) -> bool:
    """Say whether a pulse found a feed unreadable that could be read before, or the other way round."""
    return (session.get(UnreadableRow, pulse.model) is None) is not (pulse.fault is None)


def remember(session: Session, pulse: Pulse) -> None:
    """Record whether a feed can be read, under its model's lock."""
    row = session.get(UnreadableRow, pulse.model)
    if pulse.fault is None and row is not None:
        session.delete(row)
    elif pulse.fault is not None and row is None:
        session.add(UnreadableRow(model=pulse.model, since=pulse.unreadable_since or pulse.at))
