"""Bad tables on the command line: one line that ends in the next step, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

COMMANDS = ("forecast", "orders", "backtest")
QUICK = ("--model", "moving-average", "--horizon", 7)

Change = Callable[[pd.DataFrame], pd.DataFrame]


def change(folder: Path, table: str, changed: Change) -> None:
    """Replace a table of the folder by a CSV file of what became of it."""
    file = folder / f"{table}.parquet"
    changed(pd.read_parquet(file)).to_csv(folder / f"{table}.csv", index=False)
    file.unlink()


def changed(table: str, change_of: Change) -> Callable[[Path], None]:
    return lambda folder: change(folder, table, change_of)


def with_value(table: str, column: str, value: object, row: int = 5) -> Callable[[Path], None]:
    def put(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame[column].astype("object")
        values.iloc[row] = value
        return frame.assign(**{column: values})

    return changed(table, put)


def without(table: str, column: str) -> Callable[[Path], None]:
    return changed(table, lambda frame: frame.drop(columns=column))


def replaced(name: str, content: bytes) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        (folder / "orders.parquet").unlink()
        (folder / name).write_bytes(content)

    return put


def cut_parquet(folder: Path) -> None:
    file = folder / "orders.parquet"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_csv(folder: Path) -> None:
    change(folder, "orders", lambda frame: frame)
    text = (folder / "orders.csv").read_text()
    (folder / "orders.csv").write_text(text[: text.rindex(",", 0, len(text) // 2)])


def two_files(folder: Path) -> None:
    pd.read_parquet(folder / "orders.parquet").to_csv(folder / "orders.csv")


BAD = {
    "missing column": (without("orders", "units"), "missing columns: units; found: order_id"),
    "missing place": (without("orders", "location_id"), "missing columns: location_id"),
    "missing column of stock": (without("stock", "on_hand"), "stock: missing columns: on_hand"),
    "unknown item": (with_value("orders", "item_id", "tea"), "not in the items table: 'tea'"),
    "unknown item in stock": (with_value("stock", "item_id", "tea"), "stock.item_id: not in the"),
    "unknown place": (with_value("orders", "location_id", "x"), "not in the locations table: 'x'"),
    "text in units": (with_value("orders", "units", "two"), "not a number: 'two' (row 5)"),
    "no units": (with_value("orders", "units", None), "orders.units: missing values (row 5)"),
    "NaN units": (with_value("orders", "units", "NaN"), "orders.units: missing values (row 5)"),
    "endless units": (with_value("orders", "units", np.inf), "orders.units: infinite: inf (row 5)"),
    "negative price": (with_value("orders", "unit_price", -1), "orders.unit_price: below 0: -1.0"),
    "no date": (with_value("orders", "time", "soon"), "orders.time: not a date: 'soon' (row 5)"),
    "text in stock": (with_value("stock", "on_hand", "many"), "stock.on_hand: not a number"),
    "twice the same stock": (
        changed("stock", lambda frame: pd.concat([frame, frame.iloc[:1]])),
        "the same key more than once",
    ),
    "time zone": (
        changed("orders", lambda frame: frame.assign(time=frame["time"].dt.tz_localize("UTC"))),
        "times carry a time zone",
    ),
    "header only": (changed("orders", lambda frame: frame.iloc[:0]), "the table has no rows"),
    "all zero": (
        changed("orders", lambda frame: frame.assign(units=0)),
        "orders.units: no order line is a sale",
    ),
    "returns only": (
        changed("orders", lambda frame: frame.assign(units=-1)),
        "orders.units: no order line is a sale",
    ),
    "empty CSV": (replaced("orders.csv", b""), "orders.csv is empty"),
    "empty Parquet": (replaced("orders.parquet", b""), "orders.parquet is empty"),
    "no text": (replaced("orders.csv", bytes(range(128, 256))), "orders.csv cannot be read"),
    "Parquet cut in half": (cut_parquet, "orders.parquet cannot be read"),
    "CSV cut in half": (cut_csv, "ends in the middle of a line: it was cut off"),
    "two files of orders": (two_files, "holds orders.parquet and orders.csv"),
    "no orders": (lambda folder: (folder / "orders.parquet").unlink(), "holds no orders.parquet"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused(case, command, spoilt, ask, out, work, content):
    spoil, words = BAD[case]
    spoil(spoilt)
    before = content(work)
    answer = ask(command, spoilt, "--out", out[command], *QUICK, "--quiet")
    assert_refused(answer, words)
    assert content(work) == before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere", "there is no nowhere"),
        ("notes.txt", "notes.txt is of no kind that can be read"),
        ("broken.duckdb", "broken.duckdb cannot be read"),
        ("sqlite:///nowhere.db", "there is no file nowhere.db"),
        ("sqlite:///broken.db", "broken.db cannot be read"),
        ("vegetables://chain", "means nothing to SQLAlchemy"),
    ],
)
def test_bad_sources_are_refused(source, words, command, ask, out, work, content):
    for name in ("notes.txt", "broken.duckdb", "broken.db"):
        (work / name).write_text("neither a table nor a database " * 20)
    before = content(work)
    assert_refused(ask(command, source, "--out", out[command], *QUICK, "--quiet"), words)
    assert content(work) == before


def assert_refused(answer, words):
    """One line on the error stream that ends in a sentence on what to do."""
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Error: ")
    assert answer.err.endswith(".\n")
    assert answer.err.count("\n") == 1
    assert words in answer.err


def test_time_zones_are_told_away_by_a_mapping(spoilt, ask, work):
    zoned = BAD["time zone"][0]
    zoned(spoilt)
    (work / "zone.toml").write_text('[cleaning]\ntimezone = "Asia/Shanghai"\n')
    answer = ask("forecast", spoilt, "--out", "out.csv", *QUICK, "--mapping", "zone.toml")
    assert answer.code == 0
    assert (work / "out.csv").exists()


@pytest.mark.parametrize("command", ["forecast", "orders"])
def test_one_row_is_enough(command, spoilt, ask, work):
    change(spoilt, "orders", lambda frame: frame.iloc[-1:])
    answer = ask(command, spoilt, "--out", "out.csv", "--horizon", 7)
    assert answer.code == 0
    assert "too short to judge forecasts" in answer.out
    rows = pd.read_csv(work / "out.csv")
    assert len(rows)
    assert rows.notna().any(axis=None)


def test_one_row_is_too_little_to_judge_models(spoilt, ask, out, work, content):
    change(spoilt, "orders", lambda frame: frame.iloc[:1])
    before = content(work)
    answer = ask("backtest", spoilt, "--out", out["backtest"], "--horizon", 7, "--quiet")
    assert_refused(answer, "do not fit into 1 periods of history")
    assert content(work) == before


def test_an_item_that_never_sold_is_expected_to_sell_nothing(spoilt, ask, work):
    def unsold(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(units=frame["units"].where(frame["item_id"] != "item_0001", 0))

    change(spoilt, "orders", unsold)
    answer = ask("forecast", spoilt, "--out", "out.csv", *QUICK)
    assert answer.code == 0
    assert "lines of 0 units" in answer.err
    mean = pd.read_csv(work / "out.csv").groupby("item_id")["mean"].sum()
    assert mean["item_0001"] == 0
    assert (mean.drop("item_0001") > 0).all()


@pytest.mark.parametrize("command", COMMANDS)
def test_unsorted_rows_make_the_same_output(command, chain, spoilt, ask, content, work):
    for table in ("orders", "stock", "prices"):
        change(spoilt, table, lambda frame: frame.sample(frac=1, random_state=3))
    made = []
    for name, source in (("sorted", chain), ("unsorted", spoilt)):
        suffix = "" if command == "backtest" else ".csv"
        assert ask(command, source, "--out", work / name / f"out{suffix}", *QUICK).code == 0
        made.append(content(work / name))
    assert made[0] == made[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_duplicate_lines_are_dropped_and_told(command, chain, spoilt, ask, content, work):
    change(spoilt, "orders", lambda frame: pd.concat([frame, frame.iloc[[7, 9, 9]]]))
    made = []
    for name, source in (("once", chain), ("twice", spoilt)):
        suffix = "" if command == "backtest" else ".csv"
        answer = ask(command, source, "--out", work / name / f"out{suffix}", *QUICK)
        assert answer.code == 0
        made.append(content(work / name))
    assert made[0] == made[1]
    told = next(line for line in answer.err.splitlines() if "duplicate lines" in line)
    assert told.split()[3] == "3"
    assert "dropped" in told
