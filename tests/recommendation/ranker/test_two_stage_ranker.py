"""The default recommender: what it learns, what it may look at, and what it says."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import Popularity
from newretail_ml.recommendation.ranker import TwoStageRanker
from newretail_ml.recommendation.ranker.candidates import Stage
from newretail_ml.recommendation.ranker.windows import held_out, window, windows

SMALL = {"n_trees": 20, "n_windows": 2}
N_ITEMS = 30


def shop(seed: int = 0, n_customers: int = 80, weeks: int = 20) -> pd.DataFrame:
    """Each customer has a group of items, buys four of them again and again, and tries others."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(n_customers):
        group = np.arange(N_ITEMS) % 3 == customer % 3
        taste = np.where(group, 1.0, 0.1) * rng.dirichlet(np.full(N_ITEMS, 5.0))
        favourites = rng.choice(N_ITEMS, 4, replace=False, p=taste / taste.sum())
        for week in np.flatnonzero(rng.random(weeks) < 0.6):
            day = 7 * int(week) + int(rng.integers(7))
            tried = rng.choice(N_ITEMS, p=taste / taste.sum())
            bought = {*rng.choice(favourites, 2, replace=False), tried}
            rows += [(f"c{customer:02}", f"i{item:02}", day) for item in sorted(bought)]
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "day"])
    frame["time"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame


@pytest.fixture(scope="module")
def known() -> Interactions:
    return Interactions.from_frame(shop())


@pytest.fixture(scope="module")
def fitted(known) -> TwoStageRanker:
    return TwoStageRanker(**SMALL).fit(known)


def hits(lists: pd.DataFrame, truth: pd.DataFrame) -> float:
    return len(lists.merge(truth, on=["customer_id", "item_id"])) / len(lists)


@pytest.mark.parametrize("seed", [1, 2])
def test_it_beats_popularity_at_habits_and_at_discovery(seed):
    full = Interactions.from_frame(shop(seed))
    cut = full.cut - np.timedelta64(28, "D")
    past = full.until(cut)
    truth = full.between(cut, full.cut)[["customer_id", "item_id"]].drop_duplicates()
    models = [TwoStageRanker(**SMALL).fit(past), Popularity().fit(past)]
    for discovery in (False, True):
        ours, popular = (
            hits(model.recommend(k=4, exclude_bought=discovery), truth) for model in models
        )
        assert ours > popular


def test_discovery_has_a_ranking_of_its_own(fitted, known):
    lists = fitted.recommend(k=5, exclude_bought=True)
    assert (lists["slot"] == "discovery").all()
    assert len(fitted.trees_) == 2
    mixed = fitted.recommend(k=5, mix={"repeat": 2, "discovery": 3})
    new = mixed[mixed["slot"] == "discovery"].groupby("customer_id")["item_id"].agg(list)
    full = lists[lists["rank"] <= 3].groupby("customer_id")["item_id"].agg(list)
    same = new[new.str.len() == 3]
    assert len(same) > 70
    assert (same == full.reindex(same.index)).all()


def test_windows_know_nothing_of_what_follows(known):
    random = np.random.default_rng(0)
    found = list(windows(known, 28.0, 4, random))
    assert len(found) == 4
    for past in found:
        end = past.known.cut + np.timedelta64(28, "D")
        assert end <= known.cut
        assert (past.known.events.time < past.known.cut).all()
        bought = known.between(past.known.cut, end)
        pairs = bought[["customer_id", "item_id"]].drop_duplicates()
        rows = past.known.rows_of(pairs["customer_id"])
        items = past.known.columns_of(pairs["item_id"])
        there = (rows >= 0) & (items >= 0)
        expected = np.sort(rows[there] * past.known.n_items + items[there])
        np.testing.assert_array_equal(past.key, expected)


def test_a_window_does_not_depend_on_what_comes_after_it():
    frame = shop()
    cut = np.datetime64("2026-04-01T00:00:00")
    late = frame["time"] >= pd.Timestamp(cut) + pd.Timedelta(days=28)
    changed = frame.assign(item_id=frame["item_id"].where(~late, "i00"))
    made = []
    for each in (frame, changed):
        past = window(Interactions.from_frame(each), cut, 28 * 86_400)
        found = Stage(past.known).candidates(np.arange(past.known.n_customers))
        made.append((past.key, found.features, found.item))
    for first, second in zip(*made, strict=True):
        np.testing.assert_array_equal(first, second)


def test_last_orders_are_held_out_where_nobody_comes_back():
    rng = np.random.default_rng(0)
    rows = [
        (f"c{customer}", f"i{item}", pd.Timestamp("2020-01-01") + pd.Timedelta(days=customer))
        for customer in range(60)
        for item in rng.choice(20, 10, replace=False)
    ]
    known = Interactions.from_frame(pd.DataFrame(rows, columns=["customer_id", "item_id", "time"]))
    found = list(windows(known, 28.0, 4, np.random.default_rng(0)))
    assert len(found) == 1
    late = found[0]
    assert len(late.known.events) + len(late.key) == len(known.events)
    counts = np.bincount(late.key // known.n_items, minlength=60)
    assert set(counts) == {0, 2}
    model = TwoStageRanker(**SMALL).fit(known)
    assert model.trees_
    assert (model.recommend(k=3, exclude_bought=True)["slot"] == "discovery").all()


def test_every_customer_keeps_a_part_of_what_is_held_out(known):
    late = held_out(known, np.random.default_rng(1))
    kept = np.bincount(late.known.events.customer, minlength=known.n_customers)
    assert (kept > 0).all()
    assert 0.3 < len(late.customers) / known.n_customers < 0.7


def test_a_short_history_ranks_plainly_and_says_so():
    rows = [(f"c{number % 10}", f"i{number % 7}", "2026-05-01") for number in range(10)]
    known = Interactions.from_frame(pd.DataFrame(rows, columns=["customer_id", "item_id", "time"]))
    model = TwoStageRanker().fit(known)
    assert not model.trees_
    lists = model.recommend(k=1)
    assert (lists["slot"] == "repeat").all()
    assert lists["reason"].str.contains("history is short").all()


def test_reasons_name_habits_and_what_goes_together(fitted, known):
    lists = fitted.recommend(k=8)
    repeats = lists[lists["slot"] == "repeat"]
    assert repeats["reason"].str.match(r"bought (once|\d+ times, every \d+ days?), last").all()
    pairs = known.counts
    row = repeats.iloc[0]
    times = pairs[known.rows_of([row["customer_id"]])[0], known.columns_of([row["item_id"]])[0]]
    assert f"bought {times:.0f} times" in row["reason"]
    new = fitted.recommend(k=3, exclude_bought=True)
    because = new[new["reason"].str.startswith("because of ")]
    assert len(because) > len(new) / 2
    bought = shop().groupby("customer_id")["item_id"].agg(set)
    for _, each in because.iterrows():
        named = each["reason"].removeprefix("because of ").split(" and ")
        assert set(named) <= bought[each["customer_id"]]
        assert len(set(named)) == len(named)


def test_parts_add_up_to_the_score(fitted):
    first = fitted.recommend(["c05"], k=2).iloc[1]
    told = fitted.explain("c05", first["item_id"])
    parts = told["contribution"].iloc[:-1].dropna()
    assert len(parts) > 5
    assert parts.sum() == pytest.approx(first["score"], rel=1e-6, abs=1e-9)


def test_what_cannot_be_offered_makes_room_for_other_candidates(fitted, known):
    some = known.items["item_id"].iloc[[3, 9, 17, 25]].tolist()
    lists = fitted.recommend(k=4, available=some, exclude_bought=False)
    assert set(lists["item_id"]) <= set(some)
    assert (lists.groupby("customer_id").size() == 4).all()


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from {module} import SMALL, shop
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.ranker import TwoStageRanker
lists = TwoStageRanker(**SMALL).fit(Interactions.from_frame(shop())).recommend(k=5)
sys.stdout.write(lists.to_csv(index=False))
"""


def test_two_threads_give_the_bits_of_one(fitted):
    folder, file = os.path.split(__file__)
    script = SCRIPT.format(folder=folder, module=file.removesuffix(".py"))
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    if os.environ.get("OMP_NUM_THREADS") != "1":
        threads = dict.fromkeys(threads, "1")
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | threads,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == fitted.recommend(k=5).to_csv(index=False)


def test_wrong_parameters_are_refused(known):
    for wrong in (
        {"horizon_days": 0},
        {"n_windows": 0},
        {"n_trees": 1.5},
        {"learning_rate": np.nan},
        {"n_lists": 0},
    ):
        with pytest.raises(DataError):
            TwoStageRanker(**wrong).fit(known)
