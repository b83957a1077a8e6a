from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.box_age import FAINTEST, OWN, BoxAge


@pytest.mark.parametrize(
    ("age_s", "strength", "words"),
    [
        (0.0, 1.0, ""),
        (0.04, 1.0, ""),
        (0.099, 1.0, ""),
        (0.1, 1.0, "carried 0.1 s"),
        (0.12, 0.975, "carried 0.2 s"),
        (0.3, 0.75, "carried 0.3 s"),
        (0.5, FAINTEST, "carried 0.5 s"),
        (0.9, FAINTEST, "carried 0.9 s"),
    ],
)
def test_a_box_grows_faint_and_says_how_old_it_is(
    age_s: float, strength: float, words: str
) -> None:
    assert BoxAge(age_s).strength == pytest.approx(strength)
    assert BoxAge(age_s).words == words


@given(st.floats(0, 1), st.floats(0, 1))
def test_an_older_box_is_never_stronger(one_s: float, other_s: float) -> None:
    younger, older = sorted((one_s, other_s))
    assert FAINTEST <= BoxAge(older).strength <= BoxAge(younger).strength <= 1


@given(st.floats(0.1, 0.5))
def test_an_age_is_never_flattered(age_s: float) -> None:
    said_s = float(BoxAge(age_s).words.split()[1])
    assert age_s - 1e-5 <= said_s < age_s + 0.1


def test_the_greatest_age_of_late_is_told_as_such() -> None:
    assert BoxAge(0.23, at_most=True).words == "carried up to 0.3 s"
    assert (OWN.strength, OWN.words) == (1.0, "")
