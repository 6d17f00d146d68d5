"""Orders, prices and slates beside what came of them, and outcomes that stay with their run."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.plots import outcomes_chart
from newretail_ml.tables import RetailTables

mpl.use("agg")
DAYS = pd.date_range("2026-03-02", periods=21)
DECIDED = "2026-03-08"
ITEMS = [f"item {n}" for n in range(6)]


@pytest.fixture(scope="module")
def tables() -> RetailTables:
    """Six items that sell 2 a day at 5.00; item 0 runs out in the second week and is filled again.

    Each item is bought by its own customer; item 1 is sold at 4.00 from March 16 on.
    """
    rows = [
        (item, day, 0 if number == 0 and "2026-03-10" < str(day.date()) < "2026-03-13" else 2)
        for number, item in enumerate(ITEMS)
        for day in DAYS
    ]
    sold = pd.DataFrame(rows, columns=["item_id", "time", "units"])
    cheap = (sold["item_id"] == "item 1") & (sold["time"] >= "2026-03-16")
    orders = sold.assign(
        order_id=[f"order {n}" for n in range(len(sold))],
        location_id="shop",
        unit_price=np.where(cheap, 4.0, 5.0),
        customer_id=sold["item_id"].str.replace("item", "customer"),
    )
    stock = sold.rename(columns={"time": "date"}).assign(location_id="shop")
    left = 20 - stock.groupby("item_id")["units"].cumsum()
    filled = (stock["date"] >= "2026-03-13") * 28
    out = stock["units"] == 0
    stock["on_hand"] = np.where(out, 0, np.where(stock["date"] == "2026-03-10", 0, left + filled))
    stock.loc[stock["item_id"] != "item 0", "on_hand"] = 50
    return RetailTables.from_frames(
        orders[orders["units"] > 0],
        stock=stock[["date", "location_id", "item_id", "on_hand"]],
    )


@pytest.fixture
def orders() -> pd.DataFrame:
    return pd.DataFrame(
        {"item_id": ITEMS, "location_id": "shop", "units": [30, 0, 5, 5, 5, 5], "on_hand": 6}
    )


@pytest.fixture
def prices() -> pd.DataFrame:
    units = [2.0, 2.0, 2.5, 2.5, 2.5, 2.5]
    return pd.DataFrame(
        {"item_id": ITEMS, "location_id": "shop", "price": 5.0, "current_price": 4.0}
    ).assign(units=units)


@pytest.fixture
def slates() -> pd.DataFrame:
    rows = [(f"customer {n}", f"item {(n + k) % 6}", k + 1) for n in range(6) for k in range(3)]
    table = pd.DataFrame(rows, columns=["customer_id", "item_id", "rank"])
    return table.assign(chance=0.5 / table["rank"])


def test_orders_are_held_against_stock_and_sales(
    tables: RetailTables, orders: pd.DataFrame
) -> None:
    found = tracking.outcomes(orders, tables, decided=DECIDED)
    assert found.kind == "orders"
    line = found.lines.set_index("item_id").loc["item 0"]
    assert (line["ordered"], line["sold"], line["days_sold_out"]) == (30, 24, 3)
    assert line["received"] == 30
    assert found.by_week["week"].astype(str).tolist() == ["2026-03-09", "2026-03-16"]
    assert found.by_week["days_sold_out"].tolist() == [3, 0]
    assert found.by_week["share_sold_out"].tolist() == pytest.approx([3 / 42, 0])
    assert found.figures["sold"] == 5 * 28 + 24
    assert found.figures["share_sold_out_not_ordered"] == 0
    assert "sales there are no demand" in repr(found)


def test_orders_of_a_panel_tell_no_stock(tables: RetailTables, orders: pd.DataFrame) -> None:
    panel = Panel.from_tables(tables)
    found = tracking.outcomes(orders, panel, decided=DECIDED, periods=7)
    assert "received" not in found.lines
    assert found.lines["days_sold_out"].tolist() == [3, 0, 0, 0, 0, 0]
    assert "stock is not known by series" in repr(found)


def test_expected_units_are_held_against_sales_where_prices_were_kept(
    tables: RetailTables, prices: pd.DataFrame
) -> None:
    found = tracking.outcomes(prices, tables, decided=DECIDED, periods=14)
    assert found.kind == "prices"
    second = found.by_week.set_index("week").loc[pd.Timestamp("2026-03-16")]
    assert second["as_planned"] == pytest.approx(5 / 6)
    assert second["charged"] == pytest.approx((25 + 4) / 6)
    assert second["expected_units"] == 7 * (2.0 + 4 * 2.5)
    assert second["units"] == 7 * 5 * 2
    assert second["bias"] == pytest.approx(2 / 10)
    assert "7 of 84 products and periods were charged otherwise" in repr(found)
    first = found.by_week.iloc[0]
    assert first["expected_units"] == 4 * 2.0 + 7 * (2.0 + 4 * 2.5)


def test_slates_are_held_against_purchases_and_claim_nothing(
    tables: RetailTables, slates: pd.DataFrame
) -> None:
    found = tracking.outcomes(slates, tables, decided=DECIDED, periods=14)
    assert found.kind == "slates"
    assert found.table["bought"].tolist() == [True, False, False] * 6
    by_rank = found.lines.set_index("rank")
    assert by_rank["bought_share"].tolist() == [1.0, 0.0, 0.0]
    assert by_rank["expected_share"].tolist() == pytest.approx([0.5, 0.25, 0.5 / 3])
    assert found.by_week["rows"].tolist() == [6, 6]
    assert found.figures["bought_share"] == pytest.approx(1 / 3)
    assert found.figures["revenue"] == found.by_week["revenue"].sum()
    assert found.notes[0].startswith("bought after being shown is not bought because of it")
    short = tracking.outcomes(slates, tables, decided=DECIDED)
    assert "orders are known until 2026-03-22 only, of 28 days" in repr(short)


@pytest.mark.parametrize("kind", ["orders", "prices", "slates"])
def test_each_kind_can_be_seen_by_week(
    kind: str, tables: RetailTables, request: pytest.FixtureRequest
) -> None:
    decision = request.getfixturevalue(kind)
    found = tracking.outcomes(decision, tables, decided=DECIDED, periods=14)
    axes = outcomes_chart(found).axes
    assert len(axes) == (1 if kind == "slates" else 2)
    last = [label.get_text() for label in axes[-1].get_xticklabels()]
    assert last == ["2026-03-09", "2026-03-16"]


def test_bias_is_drawn_in_red_where_it_is_no_chance(tables: RetailTables) -> None:
    table = pd.DataFrame({"item_id": ITEMS * 3, "date": np.repeat(DAYS[7:10], 6)})
    found = tracking.outcomes(
        table.assign(mean=np.tile([9.0, 8.0, 9.5, 9.0, 8.5, 9.0], 3), location_id="shop"), tables
    )
    assert found.by_week["biased"].tolist() == [True]
    (line,) = (one for one in outcomes_chart(found).axes[1].lines if one.get_marker() == "D")
    assert line.get_color() == "#b3282d"


Ask = Callable[[RetailTables, pd.DataFrame], object]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda t, o: tracking.outcomes(o, t), "not known when the orders were decided"),
        (lambda t, o: tracking.outcomes(o, t, decided="soon"), "not known when .*'soon'"),
        (
            lambda t, o: tracking.outcomes(o, t, decided="2026-03-22"),
            "nothing is known yet of what came of the orders",
        ),
        (
            lambda t, o: tracking.outcomes(pd.concat([o, o]), t, decided=DECIDED),
            "12 rows share item_id and location_id",
        ),
        (lambda t, o: tracking.outcomes(o, t, decided=DECIDED, periods=0), "periods is 0"),
        (lambda t, o: tracking.outcomes(o[["item_id"]], t), "columns do not tell what"),
        (lambda t, o: tracking.outcomes(o, t, kind="order"), "'order' is no kind of decision"),
        (lambda t, o: tracking.outcomes(o, t, log=True), "only outcomes of a tracked run"),
        (lambda t, o: tracking.outcomes(3, t), "a int is no decision"),
    ],
)
def test_what_is_no_decision_is_refused(
    tables: RetailTables, orders: pd.DataFrame, ask: Ask, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        ask(tables, orders)


def test_slates_need_orders_of_known_customers(tables: RetailTables, slates: pd.DataFrame) -> None:
    nobody = RetailTables.from_frames(tables.orders.drop(columns="customer_id"))
    with pytest.raises(DataError, match="no customer is known"):
        tracking.outcomes(slates, nobody, decided=DECIDED)
    with pytest.raises(DataError, match="who bought what is not known of a panel"):
        tracking.outcomes(slates, Panel.from_tables(tables), decided=DECIDED)
    with pytest.raises(DataError, match="orders end on 2026-03-22, slates begin on 2026-03-23"):
        tracking.outcomes(slates, tables, decided="2026-03-22")
    with pytest.raises(DataError, match="there are no slots"):
        tracking.outcomes(slates.head(0), tables, decided=DECIDED)


def test_outcomes_of_a_tracked_run_stay_with_it(
    store: Path, tables: RetailTables, orders: pd.DataFrame, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    client: Any = MlflowClient(f"sqlite:///{store}/mlflow.db")
    with tracking.run("newretail", store=store, required=True) as run:
        run.log_data(Panel.from_tables(tables).until(DECIDED))
        run.log_table(orders, "orders.parquet")
        run.log_table(pd.DataFrame({"metric": ["wape"]}), "leaderboard.csv")
    assert run.run_id is not None
    found = tracking.outcomes(run.run_id, tables, log=True, store=store)
    direct = tracking.outcomes(orders, tables, decided=DECIDED)
    pd.testing.assert_frame_equal(found.by_week, direct.by_week)
    history = client.get_metric_history(run.run_id, "outcomes/orders/by_week/days_sold_out")
    assert {one.step: one.value for one in history} == {0: 3.0, 1: 0.0}
    kept = client.download_artifacts(run.run_id, "outcomes/orders_lines.parquet", str(tmp_path))
    pd.testing.assert_frame_equal(pd.read_parquet(kept), found.lines)
    again = tracking.outcomes(run.run_id, tables, store=store)
    pd.testing.assert_frame_equal(again.table, found.table)


def test_outcomes_can_be_logged_with_an_open_run(
    store: Path, tables: RetailTables, prices: pd.DataFrame
) -> None:
    from mlflow import MlflowClient

    with tracking.run("newretail", store=store, required=True) as run:
        run.log_outcomes(tracking.outcomes(prices, tables, decided=DECIDED))
    logged = MlflowClient(f"sqlite:///{store}/mlflow.db").get_run(run.run_id)
    assert logged.data.metrics["outcomes/prices/as_planned"] == pytest.approx(75 / 82)


def test_a_run_without_a_decision_is_told_of(store: Path, tables: RetailTables) -> None:
    with tracking.run("newretail", store=store, required=True) as run:
        run.log_table(pd.DataFrame({"metric": ["wape"]}), "leaderboard.csv")

    def asked(run_id: str, **more: Any) -> None:
        tracking.outcomes(run_id, tables, store=store, **more)

    assert run.run_id is not None
    with pytest.raises(DataError, match=r"holds no table of a decision.*run\.log_table"):
        asked(run.run_id)
    with pytest.raises(DataError, match="has no file"):
        asked(run.run_id, file="orders.csv")
    with pytest.raises(DataError, match="there is no run 'x'"):
        asked("x")
    with pytest.raises(DataError, match="cannot be read as a table"):
        asked(run.run_id, file="plot.png")


def test_what_was_logged_as_a_decision_goes_before_other_files(
    store: Path, tables: RetailTables, orders: pd.DataFrame
) -> None:
    with tracking.run("newretail", store=store, required=True) as run:
        run.log_table(orders.assign(units=99), "orders.csv")
        run.log_table(orders, "decision/orders.parquet")
    assert run.run_id is not None
    found = tracking.outcomes(run.run_id, tables, decided=DECIDED, store=store)
    assert found.figures["ordered"] == 50


def test_a_decision_that_says_what_it_is_needs_no_more(
    tables: RetailTables, orders: pd.DataFrame
) -> None:
    traced = SimpleNamespace(kind="orders", table=orders, decided=DECIDED)
    found = tracking.outcomes(traced, tables)
    direct = tracking.outcomes(orders, tables, decided=DECIDED)
    pd.testing.assert_frame_equal(found.lines, direct.lines)
