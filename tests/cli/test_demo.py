"""The demo: every file is there, each picture shows something, and each number of the summary is
the one in the tables."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml.cli import demo
from newretail_ml.cli.main import newretail
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

TABLES = {
    *("forecast.parquet", "orders.csv", "prices.csv", "slates.parquet", "loop.csv"),
    *("leaderboard.csv", "scores.csv"),
}
TEXTS = {"data_report.txt", "summary.txt", "week.html"}
PICTURES = {
    *("forecast.png", "orders.png", "prices.png", "loop.png", "loop_money.png"),
    *("leaderboard.png", "coverage.png"),
}


@pytest.fixture(scope="module", autouse=True)
def one_loop():
    """The simulated chain lives on once for all demos of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "loop_money", cache(demo.loop_money))
        yield


@pytest.fixture(scope="module")
def done(chain, tmp_path_factory) -> tuple[Path, str]:
    """The folder that the demo made of the small chain, and what it said."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "SAMPLE_FOLDER", chain)
        request = ["demo", "--out", str(folder), "--tracking", "none", "--quiet"]
        answer = CliRunner().invoke(newretail, request)
    assert (answer.exit_code, answer.stderr) == (0, "")
    return folder, answer.stdout


def numbers(words: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*\.?\d*", words)]


def told(done: tuple[Path, str], label: str) -> str:
    """What the summary says under a label, on one line."""
    text = (done[0] / "summary.txt").read_text()
    found = re.search(rf"^{label}(.*?)(?=^\S|^$)", text, re.M | re.S)
    assert found, label
    return " ".join(found[1].split())


def test_every_file_is_there(done):
    importance = {"importance.png"} if "lightgbm" in told(done, "Model") else set()
    names = {path.name for path in done[0].iterdir()}
    assert names == TABLES | TEXTS | PICTURES | importance | {".newretail"}


def test_every_picture_shows_something(done):
    from matplotlib.image import imread

    pictures = sorted(done[0].glob("*.png"))
    assert pictures
    for path in pictures:
        pixels = imread(path)[..., :3]
        assert min(pixels.shape[:2]) >= 200, path.name
        assert pixels.std() > 0.05, path.name
        assert (pixels < 0.99).any(axis=2).mean() > 0.02, path.name


def test_the_summary_is_printed_and_kept(done):
    assert (done[0] / "summary.txt").read_text().strip() in done[1]
    assert max(map(len, done[1].splitlines())) <= 100 + len(str(done[0]))


def test_numbers_of_the_chain(done, frames):
    orders = frames["orders"]
    lines, days, *_, series = numbers(told(done, "The chain"))
    assert lines == len(orders)
    assert days == (orders["time"].max().normalize() - orders["time"].min().normalize()).days + 1
    assert series == len(pd.read_parquet(done[0] / "forecast.parquet")) / 28


def test_numbers_of_stock_outs(done, chain):
    orders = pd.read_csv(done[0] / "orders.csv")
    panel = Panel.from_tables(RetailTables.read(chain))
    share, empty, shelves = numbers(told(done, "Stock-outs"))
    assert share == pytest.approx(100 * panel.censored[panel.on_sale()].mean(), abs=0.051)
    assert empty == (orders["on_hand"] == 0).sum()
    assert shelves == len(orders)


def test_numbers_of_the_forecast(done):
    expected, low, high = numbers(told(done, "Next 28 days"))[:3]
    assert expected == pytest.approx(pd.read_parquet(done[0] / "forecast.parquet")["mean"].sum(), 1)
    assert low < expected < high


def test_numbers_of_the_orders(done, frames):
    orders = pd.read_csv(done[0] / "orders.csv")
    lines, units, cost, lead_time, review_period, level = numbers(told(done, "To order"))
    unit_cost = orders["item_id"].map(frames["items"].set_index("item_id")["unit_cost"])
    assert lines == (orders["units"] > 0).sum()
    assert units == orders["units"].sum()
    assert cost == round((unit_cost * orders["units"]).sum())
    terms = f"({lead_time:.0f} lead time + {review_period:.0f} review)"
    assert orders["why"].str.contains(terms, regex=False).all()
    assert orders["why"].str.contains(f"are enough in {level:.0f}% of cases").all()


def test_numbers_of_the_prices(done):
    prices = pd.read_csv(done[0] / "prices.csv")
    moved, listed, most, gain, share, lower, upper = numbers(told(done, "To charge"))[:7]
    assert (moved, listed) == ((prices["change"] != 0).sum(), len(prices))
    assert (prices["change"].abs() <= most / 100 + 1e-9).all()
    assert gain == pytest.approx(prices["profit_gain"].sum(), abs=0.51)
    now = (prices["profit"] - prices["profit_gain"]).sum()
    assert share == pytest.approx(100 * prices["profit_gain"].sum() / now, abs=0.051)
    assert lower <= gain <= upper


def test_numbers_of_the_slates(done):
    slates = pd.read_parquet(done[0] / "slates.parquet")
    slots, members, purchases = numbers(told(done, "To show"))
    assert (slots, members) == (len(slates), slates["customer_id"].nunique())
    assert purchases == pytest.approx(slates["expected_sales"].sum(), abs=0.51)


def test_numbers_of_the_loop(done):
    profit = pd.read_csv(done[0] / "loop.csv", index_col="model")["profit"]
    shops, items, library, usual, clairvoyant, share = numbers(told(done, "Does it pay?"))
    assert (library, usual, clairvoyant) == tuple(
        profit[["newretail_ml", "naive", "clairvoyant"]].round()
    )
    assert share == round(100 * (library - usual) / (clairvoyant - usual))
    assert shops > 0 < items


def test_the_largest_lines_are_those_of_the_order_list(done):
    orders = pd.read_csv(done[0] / "orders.csv").nlargest(5, "units")
    text = (done[0] / "summary.txt").read_text().partition("The largest order lines")[2]
    rows = [line.split() for line in text.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == list(
        zip(orders["item_id"], orders["location_id"], strict=True)
    )
    assert [float(row[-1]) for row in rows] == orders["units"].tolist()
    assert [float(row[-2]) for row in rows] == orders["expected_demand"].round(1).tolist()


def test_the_default_is_judged_beside_the_moving_average(done):
    board = pd.read_csv(done[0] / "leaderboard.csv", index_col="model")
    loss = board["weighted_quantile_loss"]
    words = told(done, "Model")
    assert words.startswith("auto: over the last 28 periods of history the combination (RMSSE ")
    assert ") beats its best member" in words or ") does not beat its best member" in words
    gain = 1 - loss["auto"] / loss["moving-average"]
    accuracy = told(done, "Accuracy")
    assert f"{board['total_7_coverage_80']['auto']:.0%} of week totals" in accuracy
    assert accuracy.startswith(f"{gain:.1%} less quantile loss")


def test_the_report_is_that_of_the_tables(done, chain):
    report = (done[0] / "data_report.txt").read_text()
    assert report == f"{RetailTables.read(chain).report}\n"


def test_the_next_commands_run(done, ask, work):
    """Two of the four: the third differs by its frequency, the fourth by its source."""
    commands = re.findall(r"^  newretail (.*)$", done[1], re.M)
    assert [command.split()[0] for command in commands] == [
        "forecast",
        "orders",
        "backtest",
        "forecast",
    ]
    for command in commands[:3]:
        assert ask(*command.split(), "--model", "moving-average", "--quiet").code == 0
    assert {path.name for path in work.iterdir()} == {"forecast.csv", "orders.csv", "out"}


def test_without_the_sample_it_is_made_anew(ask, chain, monkeypatch, work):
    class World:
        tables = RetailTables.read(chain)

    monkeypatch.setattr("newretail_ml.world.make_world", lambda config: World)
    answer = ask("demo", "--out", "out")
    assert answer.code == 0
    assert "the sample chain is made anew from its seed" in answer.err
    assert "python -m newretail_ml.world data/sample" in answer.out


def test_a_second_run_replaces_the_first(done, ask, chain, monkeypatch, content):
    monkeypatch.setattr(demo, "SAMPLE_FOLDER", chain)
    before = content(done[0])
    (done[0] / "orders.csv").write_text("of yesterday")
    assert ask("demo", "--out", done[0], "--quiet").code == 0
    assert content(done[0]) == before


def test_expected_units_are_spread_over_all_series(done):
    table = pd.read_parquet(done[0] / "forecast.parquet")
    assert (table.groupby(["item_id", "location_id"])["mean"].sum() > 0).all()
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)
