import copy
import dataclasses
import pickle

import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import RetailTables

TABLES = ("orders", "items", "locations", "stock", "prices", "customers", "events")


@pytest.fixture
def tables(frames: dict[str, pd.DataFrame]) -> RetailTables:
    return RetailTables.from_frames(**frames)


def test_nothing_a_caller_does_changes_the_tables(tables):
    before = tables.fingerprint
    for name in TABLES:
        frame = getattr(tables, name)
        frame.iloc[0, 0] = frame.iloc[-1, 0]
        frame["new"] = 1
        assert "new" not in getattr(tables, name).columns
    fresh = RetailTables.from_frames(**{name: getattr(tables, name) for name in TABLES})
    assert fresh.fingerprint == before


def test_attributes_cannot_be_set(tables):
    for name in ("report", "_tables"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(tables, name, None)
    with pytest.raises(AttributeError):
        tables.orders = None


def test_the_callers_frames_stay_as_they_are(frames):
    before = {name: frame.copy(deep=True) for name, frame in frames.items()}
    RetailTables.from_frames(**frames)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_unsorted_rows_are_sorted_and_ties_keep_their_order(orders):
    tables = RetailTables.from_frames(orders.iloc[[3, 1, 0, 2]])
    assert tables.orders["item_id"].tolist() == ["cup", "tea", "tea", "cup"]
    assert tables.orders["time"].is_monotonic_increasing
    assert tables.orders.index.tolist() == [0, 1, 2, 3]


def test_columns_that_are_assumed(orders):
    plain = orders.drop(columns=["channel", "location_id", "customer_id"])
    tables = RetailTables.from_frames(plain)
    assert set(tables.orders["channel"]) == set(tables.orders["location_id"]) == {"all"}
    assert tables.orders["customer_id"].isna().all()
    assumed = tables.report.actions.query("action == 'assumed'")["what"]
    assert assumed.tolist() == ["no channel", "no location_id"]


def test_extra_columns_stay_as_static_attributes_only(frames):
    extended = {name: frame.assign(colour="red") for name, frame in frames.items()}
    tables = RetailTables.from_frames(**extended)
    kept = [name for name in TABLES if "colour" in getattr(tables, name)]
    assert kept == ["items", "locations", "customers"]
    dropped = tables.report.actions.query("what == 'extra columns'")["table"]
    assert sorted(dropped) == ["events", "orders", "prices", "stock"]


def test_negative_stock_is_set_to_zero_and_reported(tables):
    assert tables.stock["on_hand"].min() == 0
    negative = tables.report.actions.set_index("what").loc["negative stock"]
    assert (negative["rows"], negative["units"], negative["action"]) == (1, -2.0, "repaired")


def test_prices_tell_promotions(orders):
    prices = pd.DataFrame(
        {
            "date": ["2024-05-01", "2024-05-02", "2024-05-03"],
            "item_id": "tea",
            "price": [2.0, 2.0, 2.0],
            "regular_price": [2.5, None, 2.5],
            "promotion": [None, None, 0],
        }
    )
    checked = RetailTables.from_frames(orders, prices=prices).prices
    assert checked["regular_price"].tolist() == [2.5, 2.0, 2.5]
    assert checked["promotion"].tolist() == [1, 0, 0]
    bare = RetailTables.from_frames(orders, prices=prices[["date", "item_id", "price"]]).prices
    assert bare["regular_price"].equals(bare["price"].rename("regular_price"))
    assert bare["promotion"].tolist() == [0, 0, 0]


def test_what_is_missing_is_said(orders, tables):
    assert tables.missing == {}
    alone = RetailTables.from_frames(orders)
    assert set(alone.missing) == set(TABLES) - {"orders"}
    assert alone.items is None
    assert "every zero counts as no demand" in str(alone.report)


def test_an_empty_table_counts_as_not_given(orders):
    tables = RetailTables.from_frames(orders, customers=pd.DataFrame(columns=["customer_id"]))
    assert tables.customers is None
    assert "customers" in tables.missing
    assert "empty table" in tables.report.actions["what"].tolist()


def test_repr_tells_the_size(orders, tables):
    text = repr(tables)
    assert "4 order lines, 2024-05-01 to 2024-05-04 (4 days), 2 items" in text
    assert "2 locations, 2 channels" in text
    assert "stock" in text
    assert "only orders" in repr(RetailTables.from_frames(orders))


def test_the_fingerprint_follows_the_content(frames, tables):
    again = RetailTables.from_frames(**{n: f.iloc[::-1] for n, f in frames.items()})
    assert again.fingerprint == tables.fingerprint
    assert len(tables.fingerprint) == 16
    others = [
        {**frames, "orders": frames["orders"].assign(units=[2.0, 1.0, 0.25, -0.5])},
        {**frames, "items": frames["items"].assign(weight=[0.3, 0.2])},
        {**frames, "items": frames["items"].rename(columns={"weight": "mass"})},
        {name: frame for name, frame in frames.items() if name != "events"},
    ]
    prints = {RetailTables.from_frames(**other).fingerprint for other in others}
    assert len(prints | {tables.fingerprint}) == 5


def test_tables_can_be_pickled_and_copied(tables):
    assert pickle.loads(pickle.dumps(tables)).fingerprint == tables.fingerprint
    assert copy.deepcopy(tables).fingerprint == tables.fingerprint


def test_written_tables_are_read_back(tmp_path, tables, orders):
    folder = tmp_path / "new" / "chain"
    tables.write(folder)
    assert RetailTables.read(folder).fingerprint == tables.fingerprint
    RetailTables.from_frames(orders).write(folder)
    assert [path.name for path in folder.iterdir()] == ["orders.parquet"]
    assert [path.name for path in folder.parent.iterdir()] == ["chain"]


def test_a_failed_write_leaves_what_was_there(tmp_path, tables, monkeypatch):
    folder = tmp_path / "chain"
    tables.write(folder)

    def fail_at_the_stock(frame, path, **options):
        if path.name == "stock.parquet":
            raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail_at_the_stock)
    with pytest.raises(OSError, match="disk full"):
        tables.write(folder)
    monkeypatch.undo()
    assert RetailTables.read(folder).fingerprint == tables.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["chain"]


def test_folders_of_others_are_not_replaced(tmp_path, tables):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataError, match=r"thesis\.tex"):
        tables.write(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        tables.write(tmp_path / "thesis.tex")


def test_until_a_day_nothing_later_was_sold_or_counted(tables, frames):
    days = tables.orders["time"].dt.normalize()
    day = days.iloc[0]
    early = tables.until(day)
    assert len(early.orders) == (days <= day).sum() < len(days)
    assert (early.orders["time"].dt.normalize() <= day).all()
    assert (early.stock["date"] <= day).all()
    pd.testing.assert_frame_equal(early.prices, tables.prices)
    assert early.fingerprint != tables.fingerprint
    assert tables.until(days.iloc[-1]).orders.equals(tables.orders)
    with pytest.raises(DataError, match="no order lines until"):
        tables.until(day - pd.Timedelta(days=1))
