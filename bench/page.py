"""`python -m bench.page`: write what each key means into docs/bench.md."""

from collections.abc import Iterable
from pathlib import Path

from bench.measure import Measure, registered

PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
_BEGIN, _END = "<!-- keys: written by `python -m bench.page` -->\n", "<!-- end of keys -->"


def with_keys(page: str, measures: Iterable[Measure]) -> str:
    """Return the page with its table of keys brought up to date; ValueError without the marks around it."""
    if page.count(_BEGIN) != 1 or page.count(_END) != 1:
        raise ValueError(f"the table of keys has to stand between {_BEGIN.strip()} and {_END}, once each")
    before, _, rest = page.partition(_BEGIN)
    return before + _BEGIN + _table(measures) + _END + rest.partition(_END)[2]


def _table(measures: Iterable[Measure]) -> str:
    rows = ["| key | unit | what it is | target |", "|---|---|---|---|"]
    rows += [f"| `{m.key}` | {m.unit} | {m.meaning} | {m.target or ''} |" for m in measures]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(with_keys(PAGE.read_text(), registered().values()))
