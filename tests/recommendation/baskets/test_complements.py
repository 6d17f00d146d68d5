"""Lift, its lower limit and complements against counting by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.baskets import BasketComplements
from newretail_ml.recommendation.baskets.together import least_lift


def orders(seed: int, n: int = 300, n_items: int = 9) -> pd.DataFrame:
    """Baskets in which item 1 follows item 0, and the others come as they like."""
    rng = np.random.default_rng(seed)
    rows = []
    for order in range(n):
        basket = set(np.flatnonzero(rng.random(n_items) < np.linspace(0.4, 0.03, n_items)))
        if 0 in basket and rng.random() < 0.7:
            basket.add(1)
        rows += [(order, f"c{order % 40}", f"i{item}") for item in basket]
    frame = pd.DataFrame(rows, columns=["order_id", "customer_id", "item_id"])
    return frame.assign(time=pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["order_id"], "h"))


def by_hand(frame: pd.DataFrame, first: str, second: str) -> tuple[int, int, int, int]:
    sets = frame.groupby("order_id")["item_id"].agg(set)
    has = [sets.map(lambda basket, item=item: item in basket) for item in (first, second)]
    return int((has[0] & has[1]).sum()), int(has[0].sum()), int(has[1].sum()), len(sets)


@pytest.mark.parametrize("by", ["gain", "lift"])
def test_pairs_are_those_counted_by_hand(by):
    frame = orders(1)
    known = Interactions.from_frame(frame)
    together = BasketComplements(by, least_orders=4, certainty=0.9).fit(known).together_
    names = known.items["item_id"]
    for first in range(known.n_items):
        for second in range(known.n_items):
            both, a, b, n = by_hand(frame, names[first], names[second])
            low = binomtest(both, a).proportion_ci(0.8, "wilson").low
            counts = first != second and both >= 4 and low > b / n
            assert (together.count[first, second] > 0) == counts
            if counts:
                assert together.count[first, second] == both
                assert together.lift[first, second] == pytest.approx(
                    (both / n) / ((a / n) * (b / n)), rel=1e-13
                )
                assert together.least_lift[first, second] == pytest.approx(low / (b / n), rel=1e-9)
                value = low - b / n if by == "gain" else np.log(low / (b / n))
                assert together.evidence[first, second] == pytest.approx(value, rel=1e-6)


def test_small_blocks_and_few_pairs(monkeypatch):
    known = Interactions.from_frame(orders(2))
    whole = BasketComplements(least_orders=1, certainty=0.5).fit(known).together_
    monkeypatch.setattr("newretail_ml.recommendation.baskets.together._WORK", 50)
    parts = BasketComplements(least_orders=1, certainty=0.5).fit(known).together_
    assert (whole.count != parts.count).nnz == 0
    few = BasketComplements(least_orders=1, certainty=0.5, pairs=2).fit(known).together_
    dense = whole.evidence.toarray()
    for row in range(known.n_items):
        best = np.sort(dense[row])[::-1][:2]
        np.testing.assert_allclose(np.sort(few.evidence[row].data)[::-1], best[best > 0])


def test_a_rare_pair_does_not_win_by_luck():
    assert least_lift(np.array([1.0]), np.array([1]), np.array([5]), 1_000, 0.95) < least_lift(
        np.array([90.0]), np.array([100]), np.array([110]), 1_000, 0.95
    ) * (110 / 5)
    z = norm.ppf(0.95)
    assert least_lift(np.array([1.0]), np.array([1]), np.array([5]), 1_000, 0.95) == pytest.approx(
        200 / (1 + z**2)
    )
    frame = orders(3)
    rare = pd.DataFrame({"order_id": 9_999, "customer_id": "c1", "item_id": ["x", "i0"]})
    frame = pd.concat([frame, rare.assign(time=pd.Timestamp("2026-03-01"))])
    told = BasketComplements("lift").fit(Interactions.from_frame(frame)).complements(["i0"])
    assert told["item_id"][0] == "i1"
    assert "x" not in set(told["item_id"])


def test_complements_of_a_basket_say_where_they_come_from():
    frame = orders(4)
    model = BasketComplements(certainty=0.8).fit(Interactions.from_frame(frame))
    told = model.complements(["i0", "i2"], k=5)
    assert not set(told["item_id"]) & {"i0", "i2"}
    assert (told["score"].diff().dropna() <= 0).all()
    first = told.iloc[0]
    assert (first["item_id"], first["with"]) == ("i1", "i0")
    both, a, b, n = by_hand(frame, "i0", "i1")
    assert (first["orders"], first["confidence"]) == (both, pytest.approx(both / a))
    assert first["lift"] == pytest.approx(both * n / (a * b))
    with pytest.raises(DataError, match="not known"):
        model.complements(["what"])


def test_the_last_order_is_completed_and_the_reason_counts():
    frame = orders(5)
    last = pd.DataFrame({"order_id": 9_999, "customer_id": "c3", "item_id": ["i0"]})
    frame = pd.concat([frame, last.assign(time=pd.Timestamp("2026-03-01"))])
    model = BasketComplements().fit(Interactions.from_frame(frame))
    both, a, _, _ = by_hand(frame, "i0", "i1")
    first = model.recommend(["c3"], k=1).iloc[0]
    assert first["item_id"] == "i1"
    assert first["reason"] == f"goes with i0 in {both} of {a} baskets"


@pytest.mark.parametrize(
    "wrong", [{"by": "luck"}, {"least_orders": 0}, {"certainty": 1.0}, {"pairs": 0}]
)
def test_wrong_parameters_are_refused(wrong):
    word = "measure" if "by" in wrong else next(iter(wrong))
    with pytest.raises(DataError, match=word):
        BasketComplements(**wrong).fit(Interactions.from_frame(orders(6)))
