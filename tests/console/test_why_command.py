import json

import pytest

from tests.console.conftest import MODEL, Installation


def test_without_a_window_the_newest_is_explained(installed: Installation) -> None:
    told = installed.run("why", MODEL)
    assert told.exit_code == 0
    assert told.output.startswith(f"{MODEL}, 2026-03-06: breached critical\n")


def test_the_worst_objective_comes_first(installed: Installation) -> None:
    told = installed.run("why", MODEL, "2026-03-04").output
    places = [told.index(word) for word in ("freshness: ", "volume: ", "quality ", "recorded ")]
    assert places == sorted(places)
    told = installed.run("why", MODEL, "2026-03-03").output
    assert told.index("performance: breached high") < told.index("freshness ")


def test_of_several_windows_the_most_urgent_is_explained_and_that_is_said(installed: Installation) -> None:
    told = installed.run("why", MODEL, "2026-03")
    assert told.stdout.startswith(f"{MODEL}, 2026-03-04: ")
    assert "6 windows" in told.stderr
    assert json.loads(installed.run("why", MODEL, "2026-03", "--json").stdout)["start"].startswith(
        "2026-03-04"
    )


def test_it_recomputes_the_verdict_and_says_when_the_profile_is_gone(installed: Installation) -> None:
    assert "the same verdict" in installed.run("why", MODEL, "2026-03-02").output
    for file in (installed.folder / "state" / "profiles").rglob("*.zst"):
        file.unlink()
    told = json.loads(installed.run("why", MODEL, "2026-03-02", "--json").stdout)["recomputed"]
    assert (told["verdict"], told["comparison"]) == (True, None)
    assert "cannot be recomputed" in told["note"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop.price",), "did you mean shop.prices?"),
        (("prices",), "did you mean shop.prices?"),
        (("zzz",), "there are: shop.prices"),
        ((MODEL, "2025"), "6 windows, starting from 2026-03-01 to 2026-03-06"),
        ((MODEL, "yesterday"), "no window that starts in 'yesterday'"),
        ((MODEL, ""), "no window that starts in ''"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    installed: Installation, arguments: tuple[str, ...], said: str
) -> None:
    told = installed.run("why", *arguments)
    assert told.exit_code == 1
    assert told.stderr.startswith("muster: ")
    assert said in told.stderr
    assert told.stdout == ""


def test_a_model_that_was_never_watched_says_so(bare: Installation) -> None:
    told = bare.run("why", MODEL)
    assert told.exit_code == 1
    assert "there is none yet" in told.stderr
