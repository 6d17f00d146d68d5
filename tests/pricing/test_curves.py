"""Curves: draws, and one price for several products."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.response import (
    ConstantElasticity,
    Evidence,
    Linear,
    SemiLog,
    merged,
    part_of,
)

KEYS = pd.DataFrame(
    {"item_id": ["a", "b", "a", "b"], "location_id": ["here", "here", "there", "there"]}
)
UNITS = np.array([100.0, 50.0, 20.0, 30.0])
PRICES = np.array([2.0, 3.0, 2.0, 3.0])
IN_SHOP = np.array(
    [[-2.5, 0.4, 0, 0], [0.3, -3.0, 0, 0], [0, 0, -2.5, 0.4], [0, 0, 0.3, -3.0]], dtype=float
)


@pytest.mark.parametrize("curve", [ConstantElasticity, SemiLog])
def test_items_at_one_price_sell_what_their_locations_sell(curve):
    shops = curve(UNITS, PRICES, IN_SHOP, keys=KEYS)
    chain = merged(shops, ["item_id"])
    assert chain.keys["item_id"].tolist() == ["a", "b"]
    for a, b in ((2.0, 3.0), (1.7, 3.3), (2.4, 2.5)):
        expected = shops.units([a, b, a, b])
        assert chain.units([a, b]) == pytest.approx([expected[::2].sum(), expected[1::2].sum()])


def test_lines_of_all_slopes_add_up():
    rng = np.random.default_rng(0)
    shops = Linear(UNITS, PRICES, rng.normal(0, 1, (4, 4)) - 8 * np.eye(4), keys=KEYS)
    chain = merged(shops, ["item_id"])
    expected = shops.units([2.1, 2.9, 2.1, 2.9])
    assert chain.units([2.1, 2.9]) == pytest.approx([expected[::2].sum(), expected[1::2].sum()])


@pytest.mark.parametrize("whole", [True, False])
def test_draws_are_merged_as_the_curve_is(whole):
    noise = np.random.default_rng(1).normal(0, 0.1, (30, 1))
    own = np.diagonal(IN_SHOP) + noise
    draws = np.array([IN_SHOP + np.diag(one - np.diagonal(IN_SHOP)) for one in own])
    shops = ConstantElasticity(UNITS, PRICES, IN_SHOP, draws=draws if whole else own, keys=KEYS)
    chain = merged(shops, ["item_id"])
    pairs = zip(shops.sample(30), chain.sample(30), strict=True)
    for one, other in pairs:
        expected = one.units([1.8, 3.1, 1.8, 3.1])
        assert other.units([1.8, 3.1]) == pytest.approx([expected[::2].sum(), expected[1::2].sum()])


def test_evidence_is_that_of_all():
    evidence = Evidence(
        np.array([True, True, False, True]),
        np.array(["", "", "one week", ""], dtype=object),
        np.array([1.0, 2.0, 1.5, np.nan]),
        np.array([2.0, 3.0, 2.5, np.nan]),
    )
    found = merged(
        ConstantElasticity(UNITS, PRICES, IN_SHOP, keys=KEYS, evidence=evidence), ["item_id"]
    ).evidence
    assert found.identified.tolist() == [False, True]
    assert found.reason.tolist() == ["one week", ""]
    assert found.lowest.tolist() == [1.0, 2.0]
    assert found.highest.tolist() == [2.5, 3.0]


def test_an_unknown_key_is_refused():
    with pytest.raises(DataError, match="item_id, location_id"):
        merged(ConstantElasticity(UNITS, PRICES, IN_SHOP, keys=KEYS), ["channel"])


def test_own_draws_leave_the_cross_effects_as_they_are():
    own = np.diagonal(IN_SHOP) * np.array([[0.5], [-1.0]])
    half, none = ConstantElasticity(UNITS, PRICES, IN_SHOP, draws=own).sample(2)
    assert half.own == pytest.approx(np.diagonal(IN_SHOP) / 2)
    assert (none.own == 0).all()
    assert (half.cross == IN_SHOP - np.diag(np.diagonal(IN_SHOP))).all()


def test_levels_are_not_drawn_with_the_numbers_that_coefficients_were_drawn_with():
    coefficient = -2.0 + 0.3 * np.random.default_rng(0).standard_normal((200, 3))
    response = ConstantElasticity(
        np.full(3, 10.0), np.full(3, 2.0), np.full(3, -2.0), draws=coefficient, level_error=0.2
    )
    drawn = response.sample(200)
    levels = np.log([one.units(response.prices) for one in drawn])
    slopes = np.array([one.own_elasticities() for one in drawn])
    for product in range(3):
        assert abs(np.corrcoef(levels[:, product], slopes[:, product])[0, 1]) < 0.3


def test_a_part_answers_as_the_whole_does_where_other_prices_stay():
    rng = np.random.default_rng(4)
    matrix = rng.uniform(0, 0.4, (4, 4)) - np.diag([2.0, 2.5, 3.0, 2.2])
    prices, known = np.array([2.0, 3.0, 4.0, 5.0]), Evidence.given(4)
    for draws in (matrix + 0.1 * rng.standard_normal((5, 4, 4)), rng.uniform(-3, -2, (5, 4))):
        whole = ConstantElasticity(
            [10.0, 20, 30, 40],
            prices,
            matrix,
            draws=draws,
            level_error=[0.1, 0.2, 0, 0],
            evidence=known,
        )
        part = part_of(whole, np.array([False, True, False, True]))
        asked = np.array([2.0, 3.3, 4.0, 4.5])
        assert part.units(asked[[1, 3]]) == pytest.approx(whole.units(asked)[[1, 3]])
        assert part.keys["item_id"].tolist() == ["2", "4"]
        slopes = np.array([one.own_elasticities() for one in part.sample(5)])
        of_whole = np.array([one.own_elasticities() for one in whole.sample(5)])
        assert slopes == pytest.approx(of_whole[:, [1, 3]])
    for wrong in ([], [4], [1, 1], [True, False], ["1"]):
        with pytest.raises(DataError, match="some of 4"):
            part_of(whole, wrong)
