"""Names for the moments at which Muster changes the outside world.

Every door wraps what it changes (a commit, a file rename, a call to the model registry) in `effect`.
In production that does nothing. A crash test installs an observer, learns every point there is, and
kills the process at each: so no new effect can escape being tested.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Observer = Callable[[str], None]

_observers: list[Observer] = []


@contextmanager
def effect(name: str) -> Iterator[None]:
    """Run the body as one outside effect called `name`; observers see `before name` and `after name`."""
    for observer in _observers:
        observer(f"before {name}")
    yield
    for observer in _observers:
        observer(f"after {name}")


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Call `observer` with every effect's points while the body runs."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)
