"""Requests that cannot be met: wrong usage ends with exit code 2, the impossible with 1."""

from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.cli.output import check_folder_path, check_table_path
from newretail_ml.errors import DataError
from newretail_ml.forecasting import MovingAverage

QUICK = ("--model", "moving-average", "--horizon", 7, "--quiet")


def is_refused(answer, code, words):
    assert answer.code == code
    assert answer.out == ""
    assert words in answer.err
    assert "Traceback" not in answer.err
    last = answer.err.splitlines()[-1]
    assert last.startswith("Error: ")
    assert last.endswith((".", "?"))
    if code == 1:
        assert answer.err.count("\n") == 1
    else:
        assert "--help" in answer.err


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("forecast", "Missing argument 'SOURCE'"),
        ("forecast {chain}", "Missing option '--out'"),
        ("forecast {chain} --out out.csv --model oracle", "'oracle' is not one of 'auto'"),
        ("forecast {chain} --out out.csv --modle auto", "No such option '--modle'"),
        ("forecast {chain} --out out.csv --horizon 0", "0 is not in the range x>=1"),
        ("forecast {chain} --out out.csv --horizon many", "'many' is not a valid integer"),
        ("forecast {chain} --out out.csv --seed -1", "-1 is not in the range x>=0"),
        ("forecast {chain} --out out.csv --freq Y", "'Y' is not one of 'D', 'W', 'M'"),
        ("forecast {chain} --out out.csv --until soon", "'soon' is no day. Write it as 2026-05-31"),
        ("forecast {chain} --out out.csv --until 2025-02-30", "'2025-02-30' is no day"),
        ("forecast {chain} --out out.csv --most-sold 0", "0 is not in the range x>=1"),
        ("orders {chain} --out out.csv --service-level 0", "0.0 is not in the range 0<x<1"),
        ("orders {chain} --out out.csv --service-level 1.0", "1.0 is not in the range 0<x<1"),
        ("orders {chain} --out out.csv --service-level 2", "2.0 is not in the range 0<x<1"),
        ("orders {chain} --out out.csv --lead-time -1", "-1 is not in the range x>=0"),
        ("orders {chain} --out out.csv --review-period 0", "0 is not in the range x>=1"),
        ("orders {chain} --out out.csv --holding-rate 0", "0.0 is not in the range x>0"),
        (
            "orders {chain} --out out.csv --holding-rate 0.2 --service-level 0.9",
            "Give --service-level or --holding-rate",
        ),
        (
            "orders {chain} --out out.csv --holding-rate 0.2 --state state.csv",
            "Give --holding-rate, or shortage_cost and holding_cost in --state",
        ),
        (
            "orders {chain} --out out.csv --budget 100",
            "A budget needs to know what a unit earns",
        ),
        ("backtest {chain} --folds 0", "0 is not in the range x>=1"),
        ("backtest {chain} --cut soon", "'soon' is no day"),
        ("backtest {chain} --model best", "'best' is not one of 'auto'"),
        ("predict {chain}", "No such command 'predict'"),
    ],
)
def test_wrong_usage_ends_with_code_2(request_, words, ask, chain, work):
    is_refused(ask(*request_.format(chain=chain).split()), 2, words)
    assert not any(work.iterdir())


IMPOSSIBLE = [
    ("forecast --until 2020-01-01", "the cut 2020-01-01 lies outside the known sales"),
    ("forecast --until 2099-01-01", "the cut 2099-01-01 lies outside the known sales"),
    ("forecast --by shop", "a panel cannot be made by shop. Name item_id"),
    ("forecast --by item_id,brand", "a panel cannot be made by item_id, brand"),
    ("forecast --mapping nowhere.toml", "there is no mapping nowhere.toml"),
    ("forecast --mapping unknown_key.toml", "[orders] of the mapping has unknown keys: table"),
    ("forecast --mapping no_toml.toml", "no_toml.toml is not valid TOML"),
    ("forecast --mapping other_name.toml", "the mapping reads it from column 'Quantity'"),
    ("orders --mapping unknown_key.toml", "[orders] of the mapping has unknown keys: table"),
    ("backtest --mapping unknown_key.toml", "[orders] of the mapping has unknown keys: table"),
    ("backtest --by shop", "a panel cannot be made by shop"),
    ("backtest --horizon 500", "do not fit into 180 periods of history"),
    ("backtest --folds 100", "do not fit into 180 periods of history"),
    ("backtest --cut 2020-01-01", "the cut 2020-01-01 lies outside the known sales"),
    ("backtest --cut 2025-07-04", "a cut leaves fewer than 7 periods to compare with"),
    ("orders --by shop", "a panel cannot be made by shop"),
    ("orders --by item_id", "the state is by item_id, location_id, the forecast by item_id"),
    ("orders --until 2025-06-01", "the stock table goes on to 2025-07-04"),
]


@pytest.mark.parametrize(("request_", "words"), IMPOSSIBLE)
def test_the_impossible_ends_with_code_1(request_, words, ask, chain, out, work, content):
    mappings = {
        "unknown_key": '[orders]\ntable = "sales"\n',
        "no_toml": "[orders\n",
        "other_name": '[orders.columns]\nunits = "Quantity"\n',
    }
    for name, text in mappings.items():
        (work / f"{name}.toml").write_text(text)
    before = content(work)
    command, *rest = request_.split()
    answer = ask(command, chain, *QUICK, "--out", out[command], *rest)
    is_refused(answer, 1, words)
    assert content(work) == before


@pytest.mark.parametrize(
    ("drop", "rest", "words"),
    [
        ("stock", (), "stock: there is no stock table"),
        ("stock", ("--holding-rate", 0.2), "stock: there is no stock table"),
        ("items", ("--holding-rate", 0.2), "items.unit_cost: unit costs are not known"),
    ],
)
def test_what_orders_need(drop, rest, words, ask, spoilt, out, work, content):
    (spoilt / f"{drop}.parquet").unlink()
    before = content(work)
    is_refused(ask("orders", spoilt, *QUICK, "--out", out["orders"], *rest), 1, words)
    assert content(work) == before


def test_costs_without_a_column_of_unit_costs(ask, spoilt, work):
    items = pd.read_parquet(spoilt / "items.parquet").drop(columns="unit_cost")
    items.to_parquet(spoilt / "items.parquet")
    answer = ask("orders", spoilt, *QUICK, "--out", "out.csv", "--holding-rate", 0.2)
    is_refused(answer, 1, "Add the column, or order by service level.")
    assert ask("orders", spoilt, *QUICK, "--out", "out.csv").code == 0


def test_places_that_sell_need_stock_of_late(ask, spoilt, work):
    stock = pd.read_parquet(spoilt / "stock.parquet")
    only_warehouses = stock["location_id"].str.startswith("warehouse")
    lately = stock["date"] > stock["date"].max() - pd.Timedelta(days=30)
    stock[only_warehouses | ~lately].to_parquet(spoilt / "stock.parquet")
    answer = ask("orders", spoilt, *QUICK, "--out", "out.csv")
    is_refused(answer, 1, "no place that sells was counted lately")


def state_of(frames) -> pd.DataFrame:
    stock = frames["stock"]
    last = stock[stock["date"] == stock["date"].max()]
    selling = last[~last["location_id"].str.startswith("warehouse")]
    state = selling[["item_id", "location_id", "on_hand"]]
    return state.assign(lead_time=3, review_period=4).reset_index(drop=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.drop(columns="item_id"), "state.item_id: the column is missing"),
        (lambda state: state.drop(columns="location_id"), "rows share item_id"),
        (lambda state: state.drop(columns="on_hand"), "state.on_hand: the column is missing"),
        (lambda state: state.drop(columns="lead_time"), "state.lead_time: the column is missing"),
        (lambda state: state.drop(columns="review_period"), "state.review_period: the column"),
        (lambda state: state.assign(lead_time="soon"), "state.lead_time: 12 values are not num"),
        (lambda state: state.assign(lead_time=float("inf")), "state.lead_time: 12 values are not"),
        (lambda state: state.assign(on_hand=-1), "state.on_hand: 12 values are not numbers"),
        (lambda state: pd.concat([state, state]), "24 rows share item_id and location_id"),
        (lambda state: state.iloc[:0], "state.csv has no rows"),
        (lambda state: state.assign(item_id=state.index.astype(str)), "none of its 12 rows is one"),
        (lambda state: state.assign(channel="store"), "the state is by item_id, location_id, chan"),
    ],
)
def test_bad_states_are_refused(change, words, ask, chain, frames, out, work, content):
    change(state_of(frames)).to_csv("state.csv", index=False)
    before = content(work)
    answer = ask("orders", chain, *QUICK, "--out", out["orders"], "--state", "state.csv")
    is_refused(answer, 1, words)
    assert content(work) == before


@pytest.mark.parametrize("name", ["nowhere.csv", "folder.csv", "empty.csv", "broken.parquet"])
def test_state_files_that_cannot_be_read(name, ask, chain, work):
    (work / "folder.csv").mkdir()
    (work / "empty.csv").touch()
    (work / "broken.parquet").write_text("x")
    answer = ask("orders", chain, *QUICK, "--out", "out.csv", "--state", name)
    is_refused(answer, 1, f"{name} cannot be read")


@pytest.mark.parametrize("command", ["forecast", "orders"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.txt", "the output 'out.txt' has no known ending. Name it with one of .csv"),
        ("out", "the output 'out' has no known ending"),
        ("folder.csv", "the output folder.csv is a folder. Name a file."),
        ("file/out.csv", "file/out.csv cannot be written ("),
        (f"{'x' * 300}.csv", "cannot be written (File name too long)"),
    ],
)
def test_tables_that_cannot_be_written(name, words, command, ask, chain, work, content):
    (work / "folder.csv").mkdir()
    (work / "file").touch()
    before = content(work)
    is_refused(ask(command, chain, *QUICK, "--out", name), 1, words)
    assert content(work) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("theirs", "theirs is there already and was not made by this command"),
        ("file", "file is there already and was not made by this command"),
        (".", "was not made by this command. Name another --out, or move it away."),
        ("file/out", "file/out cannot be written ("),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "demo"])
def test_folders_that_cannot_be_written(name, words, command, ask, chain, work, content):
    (work / "file").touch()
    (work / "theirs").mkdir()
    (work / "theirs" / "thesis.txt").write_text("of ten years")
    before = content(work)
    source = [] if command == "demo" else [chain, *QUICK]
    is_refused(ask(command, *source, "--quiet", "--out", name), 1, words)
    assert content(work) == before


@pytest.mark.parametrize("check", [check_table_path, check_folder_path])
def test_read_only_folders_are_told_at_once(check, monkeypatch, work):
    monkeypatch.setattr("os.access", lambda folder, mode: False)
    with pytest.raises(DataError, match=f"no permission to write into {work}"):
        check(Path("new") / "out.csv")


def test_too_little_memory_is_told_in_one_line(ask, chain, monkeypatch, work):
    def too_much(*_, **__):
        raise MemoryError("Unable to allocate 268. GiB")

    monkeypatch.setattr(MovingAverage, "forecast", too_much)
    answer = ask("forecast", chain, *QUICK, "--out", "out.csv")
    is_refused(answer, 1, "there is not enough memory for this. Shorten --horizon")
    assert not any(work.iterdir())


def test_what_may_not_be_written_is_told_before_the_work(ask, work):
    answer = ask("forecast", "nowhere", "--out", "out.txt")
    assert "no known ending" in answer.err
    answer = ask("backtest", "nowhere", "--out", ".")
    assert answer.code == 1


def test_a_horizon_longer_than_history_is_met_with_equal_weights(ask, chain, work):
    answer = ask("forecast", chain, "--out", "out.csv", "--horizon", 300, "--quiet")
    assert answer.code == 0
    assert "history of 180 periods is too short to judge forecasts 300 periods ahead" in answer.out
    assert pd.read_csv("out.csv")["date"].nunique() == 300
