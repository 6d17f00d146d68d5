"""Rules by option or file, and the price points that they leave."""

import numpy as np
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs.prices import PriceRules


def test_a_file_says_the_rules_and_options_take_their_place(tmp_path):
    (tmp_path / "rules.toml").write_text('max_change = 0.2\nendings = [".x9"]\nmost_changes = 3\n')
    rules = PriceRules.from_file(tmp_path / "rules.toml", max_change=0.05, margin_floor=None)
    assert rules == PriceRules(max_change=0.05, endings=(".x9",), most_changes=3)


def test_each_rule_is_a_rule_of_the_list():
    rules = PriceRules(0.1, 0.2, (".x9",), 0.01, 1.0, 0.02, 5, 3.0)
    assert [rule.title for rule in rules.of_list()] == [
        "change at most 10%",
        "margin at least 20% of the price",
        "mean of price over current prices at most 1",
        "change at least 2% or not at all",
        "at most 5 changes",
        "a change costs 3",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("max_chnage = 0.1", "no rule max_chnage. The rules are max_change, margin_floor"),
        ("max_change = 0", "max_change is 0, not a number"),
        ('max_change = "a lot"', "max_change is 'a lot', not a number"),
        ("margin_floor = 1.5", "margin_floor is 1.5"),
        ("most_changes = 1.5", "most_changes"),
        ("endings = 9", "endings is 9, not text"),
        ('endings = ["nine"]', "'nine' is no ending"),
        ('endings = [".x9"]\ncoin = 0.1', "'.x9' is no ending of prices in steps of 0.1"),
        ("[rules", "cannot be read"),
    ],
)
def test_rules_that_mean_nothing_are_told(line, words, tmp_path):
    (tmp_path / "rules.toml").write_text(line)
    with pytest.raises(DataError, match=words):
        PriceRules.from_file(tmp_path / "rules.toml")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        PriceRules.from_file(tmp_path / "none.toml")


def test_points_lie_within_the_change_and_end_as_asked_or_stay():
    points = PriceRules(0.1, endings=(".x9",)).points(np.array([2.0, 0.5]))
    assert points[0].tolist() == [1.89, 1.99, 2.0, 2.09, 2.19]
    assert points[1].tolist() == [0.49, 0.5]
    assert PriceRules(0.01, endings=(".99",)).points(np.array([1.5]))[0].tolist() == [1.5]


def test_points_without_endings_are_steps_around_the_price():
    (points,) = PriceRules(0.05).points(np.array([2.0]))
    assert points.min() == 1.9
    assert points.max() == 2.1
    assert 2.0 in points
