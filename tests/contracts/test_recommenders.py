"""One suite for every recommender."""

import pickle

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError, NotFittedError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import (
    EASE,
    AlternatingLeastSquares,
    BasketComplements,
    BayesianPersonalizedRanking,
    DueDate,
    ItemNeighbours,
    PersonalFrequency,
    Popularity,
    Recommender,
    TifuKnn,
    TwoStageRanker,
)

MODELS = {
    "popularity": Popularity(),
    "personal frequency": PersonalFrequency(),
    "neighbours, BM25": ItemNeighbours(),
    "neighbours, cosine": ItemNeighbours("cosine"),
    "neighbours, TF-IDF": ItemNeighbours("tfidf", n_neighbours=5),
    "EASE": EASE(),
    "EASE, pruned": EASE(n_dense=9, n_neighbours=4),
    "least squares": AlternatingLeastSquares(),
    "personalized ranking": BayesianPersonalizedRanking(),
    "like customers": TifuKnn(),
    "due date": DueDate(),
    "complements": BasketComplements(),
    "two stages": TwoStageRanker(n_trees=20),
}
COLUMNS = ["customer_id", "item_id", "rank", "score", "slot", "reason"]
ITEMS = [f"item {number:02}" for number in range(24)]


def chain(seed: int = 0, n_customers: int = 60, weeks: int = 20) -> pd.DataFrame:
    """Orders of customers who have favourites, buy again, and try something now and then."""
    rng = np.random.default_rng(seed)
    popular = rng.dirichlet(np.full(len(ITEMS), 0.7))
    rows = []
    for customer in range(n_customers):
        taste = popular * rng.lognormal(0, 1.2, len(ITEMS))
        for week in np.flatnonzero(rng.random(weeks) < rng.uniform(0.2, 0.9)):
            size = 1 + rng.poisson(2)
            basket = rng.choice(len(ITEMS), min(size, 8), replace=False, p=taste / taste.sum())
            second = 604_800 * int(week) + int(rng.integers(604_800))
            rows += [(f"customer {customer:02}", ITEMS[item], second) for item in basket]
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "second"])
    frame["time"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(frame.pop("second"), unit="s")
    frame["order_id"] = frame["customer_id"] + frame["time"].astype(str)
    frame["channel"] = np.where(frame["customer_id"].str[-1].isin(list("123")), "online", "store")
    frame["location_id"] = np.where(frame["customer_id"].str[-1] < "5", "here", "there")
    return frame.assign(units=1.0, unit_price=2.0)


FRAME = chain()
ATTRIBUTES = pd.DataFrame(
    {"item_id": [*ITEMS, "never sold"], "category": ["a", "b", "c"] * 8 + ["a"]}
)
MEMBERS = pd.DataFrame(
    {
        "customer_id": [*FRAME["customer_id"].unique(), "new member"],
        "segment": "family",
        "home_location_id": "here",
        "joined": pd.Timestamp("2025-01-01"),
    }
).assign(home_location_id=lambda table: np.where(table.index % 2, "here", "there"))
KNOWN = Interactions.from_frame(FRAME, customers=MEMBERS, items=ATTRIBUTES)


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def unfitted(request) -> Recommender:
    return request.param


@pytest.fixture(scope="module")
def fitted(unfitted) -> Recommender:
    return unfitted.clone().fit(KNOWN)


def bought(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(frame["customer_id"], frame["item_id"], strict=True))


def check_lists(lists: pd.DataFrame, k: int) -> None:
    """What holds of every answer."""
    assert list(lists.columns) == COLUMNS
    assert not lists.duplicated(["customer_id", "item_id"]).any()
    for _, one in lists.groupby("customer_id", sort=False):
        assert one["rank"].tolist() == list(range(1, len(one) + 1))
        assert len(one) <= k
    falls = lists.groupby("customer_id")["score"].diff().dropna()
    assert (falls <= 1e-12).all()
    assert np.isfinite(lists["score"]).all()
    assert lists["slot"].isin(["repeat", "discovery"]).all()
    assert (lists["reason"].str.len() > 0).all()


def test_lists_are_full_and_say_why(fitted):
    lists = fitted.recommend(k=5)
    check_lists(lists, 5)
    assert (
        lists["customer_id"].drop_duplicates().tolist() == KNOWN.customers["customer_id"].tolist()
    )
    assert (lists.groupby("customer_id").size() == 5).all()
    before = bought(FRAME)
    pairs = zip(lists["customer_id"], lists["item_id"], strict=True)
    repeat = np.array([pair in before for pair in pairs])
    assert ((lists["slot"] == "repeat").to_numpy() == repeat).all()


def test_bought_items_are_left_out_on_request(fitted):
    lists = fitted.recommend(k=30, exclude_bought=True)
    check_lists(lists, 30)
    assert not bought(lists) & bought(FRAME)
    sizes = lists.groupby("customer_id").size()
    expected = KNOWN.n_items - FRAME.drop_duplicates(["customer_id", "item_id"]).groupby(
        "customer_id"
    ).size().reindex(sizes.index, fill_value=0)
    assert (sizes == expected).all()


def test_slots_are_mixed_on_request(fitted):
    lists = fitted.recommend(k=5, mix={"repeat": 2, "discovery": 3})
    check_lists(lists, 5)
    seen = FRAME.drop_duplicates(["customer_id", "item_id"]).groupby("customer_id").size()
    seen = seen.reindex(KNOWN.customers["customer_id"], fill_value=0)
    repeats = lists[lists["slot"] == "repeat"].groupby("customer_id").size()
    repeats = repeats.reindex(seen.index, fill_value=0)
    assert (repeats >= np.minimum(seen, 2)).all()
    assert (repeats[KNOWN.n_items - seen >= 3] <= 2).all()


def test_k_beyond_the_catalogue_gives_the_catalogue(fitted):
    lists = fitted.recommend(["customer 01"], k=1_000)
    check_lists(lists, 1_000)
    assert len(lists) == KNOWN.n_items


def test_a_longer_list_begins_with_the_shorter_one(fitted):
    some = ["customer 01", "customer 07"]
    short, long = fitted.recommend(some, k=3), fitted.recommend(some, k=12)
    assert long[long["rank"] <= 3].reset_index(drop=True).equals(short)


def test_a_customer_gets_the_same_list_alone_and_among_others(fitted):
    everyone = fitted.recommend(k=4)
    alone = fitted.recommend(["customer 11"], k=4)
    same = everyone[everyone["customer_id"] == "customer 11"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, alone)


def test_only_what_is_available_is_offered(fitted):
    lists = fitted.recommend(k=3, available=ITEMS[:4])
    check_lists(lists, 3)
    assert set(lists["item_id"]) <= set(ITEMS[:4])
    assert (lists.groupby("customer_id").size() == 3).all()
    by_place = pd.DataFrame(
        {
            "item_id": ITEMS[:3] + ITEMS[3:6],
            "location_id": ["here"] * 3 + ["there"] * 3,
            "units": [5, 0, 1, 2, 2, -1],
        }
    )
    lists = fitted.recommend(k=10, available=by_place)
    home = MEMBERS.set_index("customer_id")["home_location_id"]
    for place, items in (("here", {ITEMS[0], ITEMS[2]}), ("there", {ITEMS[3], ITEMS[4]})):
        part = lists[lists["customer_id"].map(home) == place]
        assert (part.groupby("customer_id")["item_id"].agg(set) == items).all()


def test_everything_out_of_stock_gives_empty_lists(fitted):
    lists = fitted.recommend(k=5, available=pd.DataFrame({"item_id": ITEMS, "units": 0}))
    assert list(lists.columns) == COLUMNS
    assert lists.empty
    assert fitted.recommend(k=5, available=[]).empty
    assert fitted.recommend([], k=5).empty


def test_an_item_nobody_knows_is_offered_last(fitted):
    with pytest.warns(UserWarning, match="not known to the model, the first is brand new"):
        lists = fitted.recommend(["customer 01"], k=3, available=["brand new", ITEMS[0], ITEMS[5]])
    check_lists(lists, 3)
    assert lists["item_id"].tolist()[-1] == "brand new"
    assert lists["reason"].tolist()[-1].endswith("not known to the model")


def test_customers_without_history_get_what_is_popular_and_are_told_so(fitted):
    lists = fitted.recommend(["nobody", "new member"], k=4)
    check_lists(lists, 4)
    assert lists.groupby("customer_id").size().tolist() == [4, 4]
    assert (lists["slot"] == "discovery").all()
    unknown = lists[lists["customer_id"] == "nobody"]
    assert unknown["reason"].str.contains("not known").all()
    assert lists["reason"].str.contains("popular").all()


def test_the_same_seed_gives_the_same_lists_and_a_reload_as_well(unfitted, fitted):
    lists = fitted.recommend(k=6)
    pd.testing.assert_frame_equal(unfitted.clone().fit(KNOWN).recommend(k=6), lists)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).recommend(k=6), lists)


def test_duplicated_events_and_the_order_of_rows_change_nothing(unfitted, fitted):
    lists = fitted.recommend(k=6)
    mixed = FRAME.sample(frac=1.0, random_state=3)
    again = Interactions.from_frame(mixed, customers=MEMBERS, items=ATTRIBUTES)
    same = unfitted.clone().fit(again).recommend(k=6)
    pd.testing.assert_frame_equal(same, lists)
    twice = pd.concat([FRAME, FRAME]).assign(units=0.5)
    doubled = Interactions.from_frame(twice, customers=MEMBERS, items=ATTRIBUTES)
    pd.testing.assert_frame_equal(unfitted.clone().fit(doubled).recommend(k=6), lists)


def test_permuted_ids_give_permuted_lists(unfitted, fitted):
    rng = np.random.default_rng(5)
    people, goods = MEMBERS["customer_id"], ATTRIBUTES["item_id"]
    new_customer = dict(zip(people, rng.permutation(people), strict=True))
    new_item = dict(zip(goods, rng.permutation(goods), strict=True))
    moved = FRAME.assign(
        customer_id=FRAME["customer_id"].map(new_customer), item_id=FRAME["item_id"].map(new_item)
    )
    members = MEMBERS.assign(customer_id=people.map(new_customer))
    attributes = ATTRIBUTES.assign(item_id=goods.map(new_item))
    known = Interactions.from_frame(moved, customers=members, items=attributes)
    lists = unfitted.clone().fit(known).recommend(k=6)
    expected = fitted.recommend(k=6)
    expected = expected.assign(
        customer_id=expected["customer_id"].map(new_customer),
        item_id=expected["item_id"].map(new_item),
    )
    key = ["customer_id", "rank"]
    columns = [*key, "item_id", "score", "slot"]
    pd.testing.assert_frame_equal(
        lists.sort_values(key, ignore_index=True)[columns],
        expected.sort_values(key, ignore_index=True)[columns],
    )


def test_the_future_changes_nothing(unfitted):
    cut = "2026-04-20"
    other = FRAME.copy()
    late = other["time"] >= cut
    other.loc[late, "item_id"] = ITEMS[0]
    other = pd.concat([other, other[late].assign(customer_id="customer 99", order_id="late")])
    lists = [
        unfitted.clone()
        .fit(Interactions.from_frame(frame, customers=MEMBERS, items=ATTRIBUTES).until(cut))
        .recommend(k=6)
        for frame in (FRAME, other)
    ]
    pd.testing.assert_frame_equal(*lists)


def test_the_same_history_again_gives_the_same_lists(fitted):
    again = fitted.with_history(KNOWN)
    pd.testing.assert_frame_equal(again.recommend(k=6), fitted.recommend(k=6))


def test_customers_it_never_saw_get_lists_of_their_own_history(unfitted):
    new = FRAME["customer_id"] < "customer 06"
    model = unfitted.clone().fit(Interactions.from_frame(FRAME[~new], items=ATTRIBUTES))
    late = model.with_history(Interactions.from_frame(FRAME[new], items=ATTRIBUTES))
    lists = late.recommend(k=5, exclude_bought=True)
    check_lists(lists, 5)
    assert set(lists["customer_id"]) == set(FRAME.loc[new, "customer_id"])
    assert not bought(lists) & bought(FRAME[new])
    assert set(model.recommend(k=2)["customer_id"]) == set(FRAME.loc[~new, "customer_id"])


def test_similar_items_are_other_items(fitted):
    similar = fitted.similar_items(ITEMS[:3], k=4)
    assert list(similar.columns) == ["item_id", "similar_item_id", "rank", "score"]
    assert (similar["item_id"] != similar["similar_item_id"]).all()
    assert np.isfinite(similar["score"]).all()
    assert similar.groupby("item_id").size().max() <= 4
    assert set(similar["item_id"]) <= set(ITEMS[:3])
    with pytest.raises(DataError, match="not known"):
        fitted.similar_items(["what"], k=4)


def test_a_choice_can_be_explained(fitted):
    first = fitted.recommend(["customer 03"], k=1).iloc[0]
    told = fitted.explain("customer 03", first["item_id"])
    assert list(told.columns) == ["part", "contribution"]
    assert told["part"].iloc[-1] == "score"
    assert told["contribution"].iloc[-1] == pytest.approx(first["score"], rel=1e-6)
    parts = told["contribution"].iloc[:-1].dropna()
    if len(parts):
        assert parts.sum() == pytest.approx(first["score"], rel=1e-4, abs=1e-6)
    new = fitted.recommend(["customer 03"], k=1, exclude_bought=True).iloc[0]
    told = fitted.explain("customer 03", new["item_id"], exclude_bought=True)
    if np.isfinite(told["contribution"].iloc[-1]):
        assert told["contribution"].iloc[-1] == pytest.approx(new["score"], rel=1e-6)
    with pytest.raises(DataError, match="not known"):
        fitted.explain("nobody", ITEMS[0])


def small(rows: list[tuple[str, str, str]]) -> Interactions:
    return Interactions.from_frame(pd.DataFrame(rows, columns=["customer_id", "item_id", "time"]))


@pytest.mark.parametrize(
    "known",
    [
        small([("ann", "tea", "2026-05-01")]),
        small([("ann", "tea", "2026-05-01"), ("ann", "tea", "2026-05-08")]),
        small([("ann", "tea", "2026-05-01"), ("bob", "tea", "2026-05-08")]),
        small([("ann", "tea", "2026-05-01"), ("ann", "jam", "2026-05-01")]),
        small([(f"c{number}", "tea", "2026-05-01") for number in range(30)]),
        small([("ann", f"i{number}", "2026-05-01") for number in range(30)]),
    ],
    ids=[
        "one event",
        "one pair twice",
        "one item",
        "one customer",
        "one item sold to all",
        "one basket",
    ],
)
def test_little_is_enough(unfitted, known):
    model = unfitted.clone().fit(known)
    lists = model.recommend(["ann", "zoe"], k=3)
    check_lists(lists, 3)
    assert (lists.groupby("customer_id").size() == min(3, known.n_items)).all()
    assert set(lists["item_id"]) <= set(known.items["item_id"])
    assert (model.recommend(k=3, exclude_bought=True)["slot"] == "discovery").all()


def test_what_cannot_be_used_is_refused(unfitted, fitted):
    with pytest.raises(NotFittedError, match=r"fit\(interactions\)"):
        unfitted.clone().recommend(["customer 01"])
    with pytest.raises(DataError, match="is not interactions"):
        unfitted.clone().fit(FRAME)
    with pytest.raises(DataError, match="no event"):
        unfitted.clone().fit(KNOWN.until("2026-01-01"))
    for k in (0, -1, 2.5, np.nan):
        with pytest.raises(DataError, match="k is"):
            fitted.recommend(k=k)
    for wrong in ({"repeat": 3}, {"repeat": 3, "new": 2}, {"repeat": -1, "discovery": 6}):
        with pytest.raises(DataError, match="mix"):
            fitted.recommend(k=5, mix=wrong)
    with pytest.raises(DataError, match="one text"):
        fitted.recommend("customer 01")
    with pytest.raises(DataError, match="one text"):
        fitted.similar_items(ITEMS[0])
    with pytest.raises(DataError, match="not a list of ids"):
        fitted.recommend(3)
    with pytest.raises(DataError, match="not a list of ids"):
        fitted.recommend(MEMBERS)
    with pytest.raises(DataError, match="mix is a list"):
        fitted.recommend(k=3, mix=[3])
    with pytest.raises(DataError, match="missing"):
        fitted.recommend(["customer 01", None])
    with pytest.raises(DataError, match="item_id"):
        fitted.recommend(available=pd.DataFrame({"sku": ITEMS}))
    with pytest.raises(DataError, match="not numbers"):
        fitted.recommend(available=pd.DataFrame({"item_id": ITEMS[:1], "units": ["some"]}))
