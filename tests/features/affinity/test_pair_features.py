"""Features of pairs: one definition, against slow twins, and nothing from the future."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.features.affinity import PAIR_FEATURES, Affinity, PairFeatures
from newretail_ml.interactions import Interactions


def orders(seed: int = 0, n_customers: int = 12, n_items: int = 6, n_lines: int = 150):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in rng.integers(n_customers, size=n_lines)],
            "item_id": [f"i{number}" for number in rng.integers(n_items, size=n_lines)],
            "time": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(rng.integers(0, 100 * 24, n_lines), unit="h"),
            "units": rng.integers(1, 5, n_lines).astype(float),
            "unit_price": rng.uniform(1, 3, n_lines).round(2),
        }
    )
    frame.loc[::17, "units"] *= -1
    return frame


ITEMS = pd.DataFrame({"item_id": [f"i{number}" for number in range(6)], "category": list("aabbcc")})


def table(known: Interactions) -> pd.DataFrame:
    """All features of all pairs."""
    customer, item = np.divmod(np.arange(known.n_customers * known.n_items), known.n_items)
    matrix = PAIR_FEATURES.matrix(Affinity.of(known).pairs(customer, item))
    frame = pd.DataFrame(matrix, columns=PAIR_FEATURES.names)
    frame["customer_id"] = known.customers["customer_id"].to_numpy()[customer]
    frame["item_id"] = known.items["item_id"].to_numpy()[item]
    return frame.sort_values(["customer_id", "item_id"], ignore_index=True)


@pytest.fixture(scope="module")
def known() -> Interactions:
    return Interactions.from_frame(orders(), items=ITEMS)


def test_habits_equal_a_slow_count(known):
    features = table(known).set_index(["customer_id", "item_id"])
    events = known.events
    names = known.customers["customer_id"], known.items["item_id"]
    frame = pd.DataFrame(
        {
            "customer": names[0].to_numpy()[events.customer],
            "item": names[1].to_numpy()[events.item],
            "age": events.days_before(known.cut),
            "day": events.time.astype("datetime64[D]"),
        }
    )
    for (customer, item), row in features.iterrows():
        mine = frame[frame["customer"] == customer]
        both = mine[mine["item"] == item]
        assert row["times_bought"] == len(both)
        assert row["decayed_60_days"] == pytest.approx((0.5 ** (both["age"] / 60)).sum(), rel=1e-5)
        assert row["orders"] == mine["day"].nunique()
        if not len(both):
            assert np.isnan(row["days_since_bought"])
            assert np.isnan(row["own_gap"])
            continue
        assert row["days_since_bought"] == pytest.approx(both["age"].min(), rel=1e-5)
        later = mine[mine["day"] > both["day"].max()]["day"].nunique()
        assert row["orders_since_bought"] == later
        assert row["in_last_order"] == (later == 0)
        gaps = -np.diff(both["age"].sort_values(ascending=False))
        if len(gaps):
            assert row["own_gap"] == pytest.approx(gaps.mean(), rel=1e-4)
        if len(gaps) > 1:
            assert row["own_gap_spread"] == pytest.approx(gaps.std(), rel=1e-3, abs=1e-2)


def test_items_and_tastes_equal_a_slow_count(known):
    features = table(known)
    events = known.events
    item = known.items["item_id"].to_numpy()[events.item]
    buyers = pd.Series(events.customer).groupby(item).nunique()
    assert (features["buyers"] == features["item_id"].map(buyers)).all()
    returned = pd.Series(known.items["item_id"].to_numpy()[known.returns.item]).value_counts()
    sold = pd.Series(item).value_counts()
    rate = (returned / sold).reindex(features["item_id"]).fillna(0).to_numpy()
    assert features["returned_by_others"].to_numpy() == pytest.approx(rate, rel=1e-5)
    first = features.drop_duplicates(["customer_id", "category_share"])
    shares = first.groupby("customer_id")["category_share"].sum()
    assert (shares <= 1 + 1e-5).all()
    assert features["brand_share"].isna().all()


def test_nothing_from_the_future_changes_a_feature():
    frame = orders()
    late = frame["time"] >= "2026-03-01"
    changed = frame.copy()
    changed.loc[late, "item_id"] = "i0"
    changed.loc[late, ["units", "unit_price"]] = 9.0
    made = [
        table(Interactions.from_frame(each, items=ITEMS).until("2026-03-01"))
        for each in (frame, changed, frame[~late])
    ]
    pd.testing.assert_frame_equal(made[0], made[1])
    pd.testing.assert_frame_equal(made[0], made[2])


def test_rows_and_ids_do_not_matter():
    frame = orders()
    other = frame.sample(frac=1.0, random_state=1)
    expected = table(Interactions.from_frame(frame, items=ITEMS))
    pd.testing.assert_frame_equal(expected, table(Interactions.from_frame(other, items=ITEMS)))


def test_a_pair_has_the_same_features_alone_and_among_others(known):
    affinity = Affinity.of(known)
    customer, item = np.array([3, 1, 5]), np.array([2, 0, 4])
    together = PAIR_FEATURES.matrix(affinity.pairs(customer, item))
    alone = [
        PAIR_FEATURES.matrix(affinity.pairs(customer[place : place + 1], item[place : place + 1]))
        for place in range(3)
    ]
    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_a_day_without_stock_is_no_day_without_a_sale():
    from dataclasses import replace

    from newretail_ml.interactions import Shelf

    frame = orders()
    full = Interactions.from_frame(frame, items=ITEMS)
    days = 100
    on_hand = np.ones((days, full.n_items, 1), np.float32)
    on_hand[days - 28 :: 2, 0] = 0.0
    first = full.cut.astype("datetime64[D]") - days
    scarce = replace(full, shelf=Shelf(first, on_hand))
    name = full.items["item_id"][0]
    rates = [table(each).set_index("item_id")["sold_28_days"] for each in (full, scarce)]
    assert rates[1][name].iloc[0] == pytest.approx(2 * rates[0][name].iloc[0], rel=1e-5)
    others = rates[0].index != name
    np.testing.assert_allclose(rates[1][others], rates[0][others])


def test_planned_prices_reach_past_the_cut():
    from dataclasses import replace

    from newretail_ml.interactions import ItemPrices

    full = Interactions.from_frame(orders(), items=ITEMS)
    shape = (60, full.n_items)
    price, promotion = np.full(shape, 4.0), np.zeros(shape)
    first = full.cut.astype("datetime64[D]") - 30
    price[30:, 1], promotion[30:, 1] = 3.0, 1.0
    known = replace(full, prices=ItemPrices(first, price, np.full(shape, 4.0), promotion))
    features = table(known)
    cheap = features["item_id"] == full.items["item_id"][1]
    assert (features.loc[cheap, "planned_price_ratio"] == 0.75).all()
    assert (features.loc[cheap, "planned_promotion"] == 1).all()
    assert (features.loc[~cheap, "planned_price_change"] == 1).all()


def test_two_features_of_one_name_are_refused():
    with pytest.raises(DataError, match="twice"):
        PairFeatures([PAIR_FEATURES.features[0]] * 2)
