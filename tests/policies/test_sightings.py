"""Whether a version was seen to answer, from the rows that were logged since it was asked for."""

import pytest

from policies.rollout import NEWEST, Sighting, is_verified, seen, unseen

LOG = "the prediction log"
PROBE = Sighting(("3",), where="http://prices/version")


@pytest.mark.parametrize(
    ("sighting", "verified"),
    [
        (Sighting(), False),
        (Sighting(("3",)), True),
        (Sighting(("4", "3")), False),
        (Sighting(("4", *["3"] * NEWEST)), True),
        (Sighting((*["3"] * NEWEST, "4")), False),
        (PROBE, True),
    ],
)
def test_the_newest_rows_have_to_name_the_version_and_no_other(sighting: Sighting, verified: bool) -> None:
    assert is_verified(sighting, "3") is verified


@pytest.mark.parametrize(
    ("sighting", "said"),
    [
        (Sighting(("4", *["3"] * 12)), f"{LOG} says that version 3 answers: its 12 newest rows name it"),
        (Sighting(("3",) * 1200), f"{LOG} says that version 3 answers: its 1,200 newest rows name it"),
        (Sighting(("3",)), f"{LOG} says that version 3 answers"),
        (PROBE, "http://prices/version says that version 3 answers"),
    ],
)
def test_it_is_said_in_how_many_rows_it_was_seen(sighting: Sighting, said: str) -> None:
    assert seen(sighting, "3") == said


@pytest.mark.parametrize(
    ("sighting", "said"),
    [
        (Sighting(), f"{LOG} has named nobody since"),
        (Sighting(("4", "5", "3")), f"{LOG} still names version 4 and 5 instead of 3"),
    ],
)
def test_it_is_said_who_answers_instead(sighting: Sighting, said: str) -> None:
    assert unseen(sighting, "3") == said
