"""Choice models: limits in which they agree, and numbers that must not break them."""

import numpy as np
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit, NestedLogit

UTILITY = np.array([1.0, 0.2, -0.5, 2.0])
PRICES = np.array([1.0, 1.5, 0.7, 2.2])
COEFFICIENT = np.array([-0.5, -1.0, -1.5, -2.0])


def test_three_models_agree_where_they_are_the_same():
    told = {"prices": PRICES, "market_size": 50.0}
    plain = MultinomialLogit(UTILITY, COEFFICIENT, **told)
    others = [
        NestedLogit(UTILITY, COEFFICIENT, list("xxyz"), 1.0, **told),
        LatentClassLogit([1.0], [UTILITY], [COEFFICIENT], **told),
        LatentClassLogit([0.3, 0.7], [UTILITY] * 2, [COEFFICIENT] * 2, **told),
    ]
    for other in others:
        assert other.units(PRICES * 1.1) == pytest.approx(plain.units(PRICES * 1.1))
        assert other.elasticities() == pytest.approx(plain.elasticities())


def test_products_of_a_nest_that_are_the_same_share_its_customers():
    """Red bus, blue bus: with dissimilarity near 0 a twin takes from its twin only."""
    one = MultinomialLogit([1.0, 1.0], 0.0, [1.0, 1.0]).units([1.0, 1.0])
    three = NestedLogit([1.0, 1.0, 1.0], 0.0, list("bbc"), 1e-3, [1.0, 1.0, 1.0])
    assert three.units([1.0, 1.0, 1.0]) == pytest.approx([one[0] / 2] * 2 + [one[1]], rel=1e-3)


@pytest.mark.parametrize("level", [-2000.0, 2000.0])
def test_no_size_of_worth_breaks_the_numbers(level):
    with np.errstate(all="raise", under="ignore"):
        for response in (
            MultinomialLogit(UTILITY + level, COEFFICIENT, PRICES),
            NestedLogit(UTILITY + level, COEFFICIENT, list("xxyz"), 0.5, PRICES),
            LatentClassLogit([0.5, 0.5], [UTILITY + level, UTILITY], [-1.0, -2.0], PRICES),
        ):
            units = response.units(PRICES)
            assert np.isfinite(units).all()
            assert units.sum() <= 1 + 1e-12
            assert np.isfinite(response.elasticities()).all()


def test_a_product_that_nobody_wants_sells_nothing_and_harms_nobody():
    without = np.array([1.0, 0.2, -np.inf, 2.0])
    keep = np.array([0, 1, 3])
    for response in (
        MultinomialLogit(without, COEFFICIENT, PRICES),
        NestedLogit(without, COEFFICIENT, list("xxyz"), 0.5, PRICES),
        LatentClassLogit([0.5, 0.5], [without, without], [-1.0, -2.0], PRICES),
    ):
        units = response.units(PRICES)
        assert units[2] == 0
        assert units[keep] == pytest.approx(response.select(keep).units(PRICES[keep]))
        listed = np.array([True, False, True, True])
        few = response.shares(PRICES, listed)
        assert few[1] == 0
        alone = response.select(np.array([0, 3]))
        assert few[[0, 3]] == pytest.approx(alone.shares(PRICES[[0, 3]]))
        moved = response.anchored(np.array([1.0, 2.0, 0.0, 3.0]))
        assert moved.units(PRICES) == pytest.approx([1.0, 2.0, 0.0, 3.0])
        assert np.isfinite(response.elasticities()).all()


def test_markets_do_not_meet():
    market = np.array(["a", "b", "a", "b"])
    whole = NestedLogit(
        UTILITY, -1.0, list("xxxx"), 0.5, PRICES, market=market, market_size=[10, 20, 10, 20]
    )
    for label in "ab":
        members = np.flatnonzero(market == label)
        part = whole.select(members)
        assert whole.units(PRICES)[members] == pytest.approx(part.units(PRICES[members]))
        assert whole.elasticities()[np.ix_(members, members)] == pytest.approx(part.elasticities())
    assert (whole.elasticities()[np.ix_([0, 2], [1, 3])] == 0).all()


@pytest.mark.parametrize("inside", [0.2, 0.999999])
def test_shares_are_met_exactly(inside):
    shares = np.array([0.4, 0.3, 0.1, 0.2]) * inside
    for response in (
        MultinomialLogit(UTILITY, COEFFICIENT, PRICES),
        NestedLogit(UTILITY, COEFFICIENT, list("xxyz"), 0.3, PRICES),
        LatentClassLogit([0.5, 0.5], [UTILITY, -UTILITY], [-1.0, -3.0], PRICES),
    ):
        moved = response.with_shares(shares, 0.9 * PRICES)
        assert moved.shares(0.9 * PRICES) == pytest.approx(shares, rel=1e-7)
        with pytest.raises(DataError, match="market size"):
            response.with_shares(shares / inside)


def test_more_sold_means_more_customers():
    response = MultinomialLogit(UTILITY, COEFFICIENT, PRICES, market_size=10.0)
    moved = response.anchored(3 * response.units(PRICES))
    assert moved.market_size == pytest.approx(30.0)
    assert moved.utility == pytest.approx(UTILITY)
    assert moved.elasticities() == pytest.approx(response.elasticities())


def test_attractions_at_price_points():
    response = MultinomialLogit(UTILITY, COEFFICIENT, PRICES)
    points = np.column_stack([PRICES, 1.2 * PRICES, np.full(4, np.nan)])
    attraction = response.attractions(points)
    assert (attraction[:, 2] == 0).all()
    for column in (0, 1):
        chosen = attraction[:, column]
        expected = response.shares(points[:, column])
        assert chosen / (1 + chosen.sum()) == pytest.approx(expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda: MultinomialLogit(UTILITY, 0.5, PRICES),
        lambda: MultinomialLogit(UTILITY, [-1.0, -1.0], PRICES),
        lambda: MultinomialLogit(UTILITY, np.nan, PRICES),
        lambda: MultinomialLogit([np.nan, 1.0], -1.0, [1.0, 1.0]),
        lambda: MultinomialLogit([], -1.0, []),
        lambda: MultinomialLogit(UTILITY, -1.0, PRICES, market_size=0.0),
        lambda: MultinomialLogit(UTILITY, -1.0, PRICES, market_size=[1, 2, 3, 4]),
        lambda: MultinomialLogit(UTILITY, -1.0, PRICES, market=["a"]),
        lambda: MultinomialLogit(UTILITY, -1.0, PRICES, draws=[[1.0, 2.0]]),
        lambda: NestedLogit(UTILITY, -1.0, list("xxyy"), 1.2, PRICES),
        lambda: NestedLogit(UTILITY, -1.0, list("xxyy"), 0.0, PRICES),
        lambda: NestedLogit(UTILITY, -1.0, list("xxyy"), [0.5, 0.6, 0.7, 0.7], PRICES),
        lambda: NestedLogit(UTILITY, -1.0, list("xx"), 0.5, PRICES),
        lambda: NestedLogit(UTILITY, -1.0, list("xxyy"), 0.5, PRICES, dissimilarity_draws=[0.5]),
        lambda: LatentClassLogit([0.5, 0.6], [UTILITY] * 2, [-1.0, -1.0], PRICES),
        lambda: LatentClassLogit([0.5, 0.5], [UTILITY], [-1.0], PRICES),
        lambda: LatentClassLogit([0.0, 1.0], [UTILITY] * 2, [-1.0, -1.0], PRICES),
        lambda: LatentClassLogit([0.5, 0.5], [UTILITY] * 2, [-1.0, 1.0], PRICES),
        lambda: MultinomialLogit(UTILITY, -1.0, PRICES).anchored([1.0, -1.0, 1.0, 1.0]),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(DataError):
        call()
