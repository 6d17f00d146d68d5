"""Chances of purchase: right on average, from the past alone."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.popularity import Popularity
from newretail_ml.recommendation.slates import ChanceModel, purchase_chances
from newretail_ml.recommendation.slates.asking import Asked
from newretail_ml.recommendation.slates.calibrating import isotonic
from newretail_ml.recommendation.slates.candidates import Candidates


def chain(days=120, n=300, seed=0, items=20):
    """Customers with tastes that stay, each coming by chance."""
    rng = np.random.default_rng(seed)
    often = rng.uniform(0.02, 0.3, n)
    liked = rng.dirichlet(np.full(items, 0.3), n)
    rows = []
    first = pd.Timestamp("2026-01-01")
    for day in range(days):
        for customer in np.flatnonzero(rng.random(n) < often):
            some = np.unique(rng.choice(items, 2, p=liked[customer]))
            rows += [(f"c{customer}", f"i{item}", first + pd.Timedelta(days=day)) for item in some]
    return pd.DataFrame(rows, columns=["customer_id", "item_id", "time"])


@pytest.fixture(scope="module")
def events():
    return chain()


@pytest.fixture(scope="module")
def large():
    return chain(n=400, seed=3, items=100)


CUT = "2026-04-03"


def test_chances_add_up_to_what_is_bought_next(events):
    everything = Interactions.from_frame(events)
    model = Popularity().fit(everything.until(CUT))
    lists = model.recommend(None, 10)
    said = purchase_chances(lists, model, horizon_days=28)
    bought = everything.between(CUT, "2026-05-01")
    pairs = set(zip(bought["customer_id"], bought["item_id"], strict=True))
    hit = np.array(
        [pair in pairs for pair in zip(said["customer_id"], said["item_id"], strict=True)]
    )
    assert said["chance"].between(0, 1).all()
    assert np.isclose(said["chance"].sum(), hit.sum(), rtol=0.15)
    for slot in ("repeat", "discovery"):
        rows = (said["slot"] == slot).to_numpy()
        assert np.isclose(said["chance"][rows].mean(), hit[rows].mean(), atol=0.05)
    thirds = pd.qcut(said["chance"], 3, duplicates="drop", labels=False)
    assert pd.Series(hit).groupby(thirds).mean().is_monotonic_increasing
    constant = ((hit.mean() - hit) ** 2).mean()
    assert ((said["chance"] - hit) ** 2).mean() < 0.95 * constant


def test_the_future_changes_no_chance(events):
    other = events.copy()
    late = other["time"] >= CUT
    other.loc[late, "item_id"] = "i0"
    chances = []
    for frame in (events, other):
        model = Popularity().fit(Interactions.from_frame(frame).until(CUT))
        chances.append(purchase_chances(model.recommend(None, 5), model, horizon_days=28))
    pd.testing.assert_frame_equal(*chances)


def test_unknown_customers_and_lists_without_slots_have_chances(events):
    model = Popularity().fit(Interactions.from_frame(events))
    lists = model.recommend(["c1", "stranger"], 5).drop(columns="slot")
    said = purchase_chances(lists, model)
    assert said["chance"].between(0, 1).all() and len(said) == 10
    known, stranger = said["chance"].to_numpy().reshape(2, 5).sum(axis=1)
    assert known > stranger


def test_reliability_is_of_the_lists_it_was_learned_from(events):
    model = Popularity().fit(Interactions.from_frame(events))
    learned = ChanceModel.learn(model.recommend(None, 5), model)
    table = learned.reliability
    assert set(table["rank"]) == set(range(1, 6))
    total = (table["lines"] * table["bought"]).sum()
    assert np.isclose((table["lines"] * table["chance"]).sum(), total, rtol=0.05)


def test_isotonic_is_the_closest_rising_curve():
    rng = np.random.default_rng(1)
    index = np.repeat(np.arange(8.0), 60)
    outcome = (rng.random(480) < np.repeat(rng.random(8), 60)).astype(float)
    at, chance = isotonic(index, outcome)
    assert (np.diff(chance) >= 0).all()
    mean = (outcome.reshape(8, 60).sum(axis=1) + (outcome.sum() + 0.5) / 481) / 61
    # Minimax form of isotonic regression, with equal weights.
    twin = [
        max(min(mean[i : j + 1].mean() for j in range(k, 8)) for i in range(k + 1))
        for k in range(8)
    ]
    assert np.allclose(np.interp(np.arange(8.0), at, chance), twin)


def test_a_short_history_is_refused(events):
    model = Popularity().fit(Interactions.from_frame(events))
    with pytest.raises(DataError, match="not longer than"):
        purchase_chances(model.recommend(None, 3), model, horizon_days=500)
    with pytest.raises(DataError, match="horizon_days"):
        purchase_chances(model.recommend(None, 3), model, horizon_days=0)


@pytest.mark.parametrize(
    "asked", [{"exclude_bought": True}, {"mix": {"repeat": 2, "discovery": 4}}]
)
def test_chances_are_those_of_lists_that_were_asked_for_alike(large, asked):
    everything = Interactions.from_frame(large)
    model = Popularity().fit(everything.until(CUT))
    lists = model.recommend(None, 6, **asked)
    said = purchase_chances(lists, model)
    bought = everything.between(CUT, "2026-05-01")
    pairs = pd.MultiIndex.from_frame(bought[["customer_id", "item_id"]])
    hit = pd.MultiIndex.from_frame(said[["customer_id", "item_id"]]).isin(pairs)
    found = (said["slot"] == "discovery").to_numpy()
    assert np.isclose(said["chance"][found].mean(), hit[found].mean(), rtol=0.3)
    table = ChanceModel.learn(lists, model).reliability
    learned = table.loc[table["slot"] == "discovery", "lines"].sum() / table["lines"].sum()
    assert np.isclose(learned, found.mean(), atol=0.03)
    plain = (model.recommend(None, 6)["slot"] == "discovery").mean()
    assert abs(plain - found.mean()) > 0.05


def test_what_lists_were_asked_for_is_read_from_them(events):
    model = Popularity().fit(Interactions.from_frame(events))

    def asked(**how):
        lists = Candidates.of(model.recommend(None, 6, **how))
        return Asked.of(lists, model)

    mix = {"repeat": 2, "discovery": 4}
    assert asked() == Asked(6)
    assert asked(exclude_bought=True) == Asked(6, exclude_bought=True)
    assert asked(mix=mix) == Asked(6, mix=mix)


def test_a_model_that_was_not_fitted_says_so(events):
    lists = Popularity().fit(Interactions.from_frame(events)).recommend(None, 3)
    with pytest.raises(NotFittedError, match="not fitted"):
        purchase_chances(lists, Popularity())
    with pytest.raises(DataError, match="not a recommender"):
        purchase_chances(lists, None)
