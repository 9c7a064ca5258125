"""Names as people type them, checked against those that there are."""

from collections.abc import Iterable
from difflib import get_close_matches

from profiles.errors import MusterError

_LISTED = 10  # names in a message; a fleet may have a thousand


def known(model: str, models: Iterable[str], where: str) -> str:
    """Return `model` when it is one of `models`; MusterError names the nearest one otherwise."""
    names = sorted(models)
    if model in names:
        return model
    raise MusterError(f"no model {model} in {where}; {_hint(model, names)}")


def _hint(model: str, names: list[str]) -> str:
    # People leave out the team, or type the rest a little wrong.
    near = [name for name in names if name.endswith(f".{model}")] or get_close_matches(model, names, n=1)
    if near:
        return f"did you mean {' or '.join(near[:_LISTED])}?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"there are: {', '.join(names[:_LISTED])}{more}" if names else "there is none yet"
