import pytest
from rich.console import Console
from rich.table import Table

from reports.fitting import Cut, Fitting, table

SENTENCE = "mae 52.6, at most 49.6 is allowed (10 % above the baseline's 45.1), 692 rows"


def printed(renderable: object, width: int) -> list[str]:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(renderable)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize("width", range(4, 100, 7))
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_cut_sentence_keeps_to_its_lines_and_says_when_something_is_missing(width: int, lines: int) -> None:
    shown = printed(Cut(SENTENCE, lines), width)
    assert len(shown) <= lines
    assert all(len(line) <= width for line in shown)
    whole = " ".join(shown) == SENTENCE
    assert shown[-1].endswith("…") != whole


def test_a_sentence_that_fits_is_left_as_it_is() -> None:
    assert printed(Cut(SENTENCE), 200) == [SENTENCE]
    assert printed(Cut(""), 20) in ([""], [])


def test_square_brackets_in_a_sentence_are_no_markup() -> None:
    assert printed(Cut("[red]column[/] moved"), 60) == ["[red]column[/] moved"]


def of_columns(*headers: str) -> Table:
    made = table()
    for header in headers:
        made.add_column(header, no_wrap=True)
    made.add_row(*headers)
    return made


@pytest.mark.parametrize(("width", "first"), [(72, "wide"), (71, "narrow")])
def test_the_wide_table_is_taken_where_it_leaves_room_for_the_reasons(width: int, first: str) -> None:
    # wide needs 30 and 2 columns, the reasons at least 40
    fitting = Fitting(
        wide=lambda _why: of_columns("wide", "x" * 26), narrow=lambda _why: of_columns("narrow")
    )
    assert printed(fitting, width)[0].split()[0] == first
