"""Interactions know nothing of the future, of row order and of what ids look like."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError, RetailTables
from newretail_ml.interactions import Interactions

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def lines(seed: int = 0, n: int = 400, clock: bool = True) -> pd.DataFrame:
    """Order lines with ties of all kinds: few items, few days, prices that do not add up evenly."""
    rng = np.random.default_rng(seed)
    second = rng.integers(86_400, size=n) if clock else np.zeros(n, int)
    day = pd.to_timedelta(rng.integers(40, size=n), unit="D")
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in rng.integers(25, size=n)],
            "item_id": [f"i{number}" for number in rng.integers(15, size=n)],
            "time": pd.Timestamp("2026-03-01") + day + pd.to_timedelta(second, unit="s"),
            "units": rng.choice([1.0, 1.0, 2.0, 0.3, -1.0], size=n),
            "unit_price": rng.choice([0.1, 0.7, 1.3, np.nan], size=n),
            "channel": rng.choice(["online", "store"], size=n),
            "location_id": rng.choice(["north", "south"], size=n),
        }
    )


def check_equal(one: Interactions, other: Interactions, but: tuple[str, ...] = ()) -> None:
    """The same to the bit."""
    pd.testing.assert_frame_equal(one.customers, other.customers)
    pd.testing.assert_frame_equal(one.items, other.items)
    for first, second in ((one.events, other.events), (one.returns, other.returns)):
        for name, values in vars(first).items():
            if name not in but:
                np.testing.assert_array_equal(values, getattr(second, name), err_msg=name)
    assert one.cut == other.cut


@pytest.mark.parametrize("clock", [True, False], ids=["times", "days"])
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(seed, clock):
    frame = lines(seed, clock=clock)
    mixed = frame.sample(frac=1.0, random_state=seed)
    check_equal(Interactions.from_frame(frame), Interactions.from_frame(mixed))


@pytest.mark.parametrize("clock", [True, False], ids=["times", "days"])
@pytest.mark.parametrize("seed", range(6))
def test_other_ids_change_nothing_but_ids(seed, clock):
    frame = lines(seed, n=60 + 60 * seed, clock=clock)
    rng = np.random.default_rng(seed)
    new = {}
    for name in ("customer_id", "item_id"):
        labels = frame[name].unique()
        new[name] = dict(zip(labels, rng.permutation(labels), strict=True))
    moved = frame.assign(**{name: frame[name].map(labels) for name, labels in new.items()})
    before, after = Interactions.from_frame(frame), Interactions.from_frame(moved)
    bought = before.events.customer.max() + 1, before.events.item.max() + 1
    for name, one, other, n in (
        ("customer_id", before.customers, after.customers, bought[0]),
        ("item_id", before.items, after.items, bought[1]),
    ):
        assert one[name].map(new[name]).tolist()[:n] == other[name].tolist()[:n]
    for name in ("customer", "item", "time", "units", "price_ratio", "channel", "location"):
        one, other = getattr(before.events, name), getattr(after.events, name)
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_the_most_bought_item_comes_first():
    known = Interactions.from_frame(lines())
    count = np.bincount(known.events.item, minlength=known.n_items)
    assert (np.diff(count) <= 0).all()
    buys = np.bincount(known.events.customer, minlength=known.n_customers)
    assert (np.diff(buys) <= 0).all()
    assert (known.counts.sum(axis=0) == count).all()
    assert (np.diff(known.events.time) >= np.timedelta64(0)).all()


CUTS = ["2026-03-10", "2026-03-20 12:00", "2026-04-01"]


@pytest.mark.parametrize("cut", CUTS)
def test_until_a_time_is_as_if_the_rest_had_not_been_written_yet(cut):
    frame = lines(2)
    early = frame[frame["time"] < cut]
    whole, part = Interactions.from_frame(frame).until(cut), Interactions.from_frame(early)
    assert whole.cut == np.datetime64(pd.Timestamp(cut))
    part = part.until(min(whole.cut, part.cut))
    object.__setattr__(part, "cut", whole.cut)
    check_equal(whole, part, but=("order",))
    for one, other in ((whole.events, part.events), (whole.returns, part.returns)):
        assert (one.order[:, None] == one.order)[:50, :50].tolist() == (
            (other.order[:, None] == other.order)[:50, :50].tolist()
        )


@pytest.mark.parametrize("cut", CUTS)
def test_another_future_changes_nothing(cut):
    frame = lines(3)
    late = frame["time"] >= cut
    other = frame.copy()
    other.loc[late, "item_id"] = "i0"
    other.loc[late, "unit_price"] = 99.0
    strange = other[late].assign(customer_id="late", location_id="new", units=50.0)
    other = pd.concat([other, strange])
    one, two = (Interactions.from_frame(f).until(cut) for f in (frame, other))
    check_equal(one, two, but=("order", "location"))


def test_until_twice_is_until_the_earlier():
    known = Interactions.from_frame(lines(4))
    check_equal(known.until("2026-04-01").until("2026-03-15"), known.until("2026-03-15"))


def test_who_joined_and_what_was_launched_is_known_from_then_on():
    people = pd.DataFrame({"customer_id": ["new", "soon"], "joined": ["2026-03-05", "2026-03-25"]})
    goods = pd.DataFrame({"item_id": ["a", "b"], "launch_date": ["2026-03-05", "2026-03-25"]})
    known = Interactions.from_frame(lines(), customers=people, items=goods)
    before = known.until("2026-03-25")
    assert before.rows_of(["new", "soon"])[0] >= 0 > before.rows_of(["new", "soon"])[1]
    assert before.columns_of(["a", "b"])[0] >= 0 > before.columns_of(["a", "b"])[1]
    after = known.until("2026-03-26")
    assert (after.rows_of(["new", "soon"]) >= 0).all()


def test_between_and_until_split_the_events():
    known = Interactions.from_frame(lines(5))
    middle = "2026-03-17"
    late = known.between(middle, "2027-01-01")
    assert len(known.until(middle).events) + len(late) == len(known.events)
    assert late["time"].min() >= pd.Timestamp(middle)
    assert known.between(middle, middle).empty
    frame = lines(5)
    sold = frame[(frame["time"] >= middle) & (frame["units"] > 0)]
    assert late["units"].sum() == pytest.approx(sold["units"].sum(), rel=1e-6)
    assert set(late["item_id"]) == set(sold["item_id"])


def test_times_that_cannot_be_are_refused():
    known = Interactions.from_frame(lines())
    with pytest.raises(DataError, match="lies after"):
        known.until("2027-01-01")
    for wrong in ("soon", None, np.nan):
        with pytest.raises(DataError, match="is not a time"):
            known.until(wrong)
    assert len(known.until("2020-01-01").events) == 0


def test_items_of_others_take_their_positions():
    known = Interactions.from_frame(lines(6))
    other = Interactions.from_frame(lines(7, n=40))
    moved = known.on_items_of(other)
    pd.testing.assert_frame_equal(moved.items, other.items)
    shared = known.items["item_id"].isin(other.items["item_id"])
    kept = shared.to_numpy()[known.events.item]
    assert len(moved.events) == kept.sum()
    labels = known.items["item_id"].to_numpy(object)[known.events.item][kept]
    assert (other.items["item_id"].to_numpy(object)[moved.events.item] == labels).all()


def test_who_bought_what_and_nobody_bought_what_is_not_known():
    frame = pd.DataFrame(
        {
            "customer_id": ["ann", "bob", "bob"],
            "item_id": ["tea", "tea", "jam"],
            "time": "2026-03-01",
        }
    )
    known = Interactions.from_frame(frame)
    rows, items = known.rows_of(["ann", "ann", "bob", "eve"]), ["tea", "jam", "jam", "tea"]
    assert known.bought(rows, known.columns_of(items)).tolist() == [True, False, True, False]
    assert known.bought(rows, np.full(4, -1)).tolist() == [False] * 4
    assert known.bought(rows[:0], rows[:0]).shape == (0,)


def test_home_and_channel_are_where_most_was_bought():
    frame = pd.DataFrame(
        {
            "customer_id": ["ann"] * 3 + ["bob"],
            "item_id": ["tea", "jam", "nut", "tea"],
            "time": "2026-03-01",
            "location_id": ["north", "south", "south", None],
            "channel": ["online", "store", "online", "store"],
        }
    )
    known = Interactions.from_frame(frame)
    ann, bob = known.rows_of(["ann", "bob"])
    assert known.locations[known.home[ann]] == "south"
    assert known.home[bob] == -1
    assert known.channels[known.favourite_channel[[ann, bob]]].tolist() == ["online", "store"]
    people = pd.DataFrame({"customer_id": ["ann"], "home_location_id": ["north"]})
    known = Interactions.from_frame(frame, customers=people)
    assert known.locations[known.home[known.rows_of(["ann"])[0]]] == "north"


def test_tables_and_the_same_lines_as_a_frame_tell_the_same():
    sample = RetailTables.read(SAMPLE)
    known = Interactions.from_tables(sample)
    orders = sample.orders
    sold = orders[orders["customer_id"].notna() & (orders["units"] > 0)]
    pairs = sold.drop_duplicates(["customer_id", "order_id", "item_id"])
    assert len(known.events) == len(pairs)
    assert known.events.units.sum() == pytest.approx(sold["units"].sum(), rel=1e-5)
    assert set(known.customers["customer_id"]) >= set(sold["customer_id"])
    cut = sold["time"].min() + (sold["time"].max() - sold["time"].min()) / 2
    early = known.until(cut)
    assert len(early.events) == (pairs["time"] < cut).sum()
    assert early.shelf is None or (
        early.shelf.first + np.timedelta64(len(early.shelf.on_hand), "D") <= early.cut
    )
