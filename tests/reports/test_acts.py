"""What came of a rollback or a promotion, as the person reads it who pressed the button."""

from dataclasses import replace

import pytest

from reports.acts import Act, act_note, acts_note, headline

SEEN = "the prediction log says that version 3 answers: its 12 newest rows name it"
BACK = Act("rollback", "shop.prices", "3", "4", True, True, ("version 3 serves", SEEN))
ON = replace(BACK, kind="promotion", version="4", left="3", said=("version 4 serves instead of 3", SEEN))


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (BACK, f"Rolled back shop.prices from version 4 to 3: {SEEN}"),
        (ON, f"Promoted shop.prices from version 3 to 4: {SEEN}"),
        (replace(BACK, left=None), f"Rolled back shop.prices to version 3: {SEEN}"),
        (replace(BACK, verified=None), "Rolled back shop.prices from version 4 to 3"),
        (
            replace(BACK, verified=False, said=("version 3 serves", "the log names version 4")),
            "Rolled back shop.prices from version 4 to 3, not seen to answer yet: the log names version 4",
        ),
        (replace(BACK, changed=False, said=("done before",)), "shop.prices: done before"),
    ],
)  # fmt: skip
def test_the_headline_says_what_was_done_and_whether_it_was_seen(act: Act, said: str) -> None:
    assert headline(act) == said


def test_a_note_of_a_rollback_names_each_step_and_the_commands_that_may_follow() -> None:
    note = act_note(BACK)
    assert note.startswith("### Rolled back shop.prices from version 4 to 3")
    assert "- version 3 serves\n" in note
    for command in (
        "muster recall shop.prices --to FILE",
        "muster unfreeze shop.prices",
        "muster promote shop.prices --version 4",
    ):
        assert f"`{command}`" in note
    assert "muster reconcile" not in note
    assert "`muster reconcile`" in act_note(replace(BACK, verified=False))


def test_a_note_of_a_promotion_names_the_way_back_where_there_is_one() -> None:
    assert "- Back to version 3: `muster rollback shop.prices`" in act_note(ON)
    assert "muster rollback" not in act_note(replace(ON, left=None))


def test_what_others_wrote_stays_text() -> None:
    note = act_note(replace(BACK, said=("frozen by <b>eve</b>\n# [click](http://evil)", SEEN)))
    assert "<b>" not in note
    assert r"\[click\](http&#58;//evil)" in note
    assert "\n# " not in note


def test_a_note_on_several_models_begins_with_those_that_were_refused() -> None:
    refused, done = acts_note([BACK], ["shop.stock: nothing to go back to"]).splitlines()
    assert refused == "- **refused** shop.stock: nothing to go back to"
    assert done.startswith("- Rolled back shop.prices from version 4 to 3")
