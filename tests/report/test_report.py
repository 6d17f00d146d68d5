"""The page in a real browser: its figures are those of the tables, and it fits a narrow window."""

import re
import shutil
import subprocess

import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.forecasting import MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.report import weekly_report
from newretail_ml.report.figures import MONEY_AT_RISK, OVERSTOCK_VALUE
from newretail_ml.report.html import figure, table
from newretail_ml.tables import RetailTables
from newretail_ml.world import ChainConfig, make_world

NASTY = '<script>document.title="broken"</script>"茶' + "x" * 120
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
NARROW = (
    "<script>document.title = document.documentElement.scrollWidth + ' of ' + "
    "document.documentElement.clientWidth</script></body>"
)


@pytest.fixture(scope="module")
def report():
    tables = make_world(ChainConfig(days=200, n_stores=2, n_items=20, n_customers=150)).tables
    panel = Panel.from_tables(tables)
    model = MovingAverage()
    forecast = model.fit(panel).forecast(28)
    earlier = model.fit(panel.until(panel.cut - 14)).forecast(14)
    return weekly_report(tables, forecast=forecast, earlier=earlier, progress=False)


@pytest.fixture(scope="module")
def small():
    """A chain of orders alone, whose only item has a name that no page should trust."""
    days = pd.date_range("2026-01-01", periods=90)
    orders = pd.DataFrame({"order_id": range(90), "time": days, "item_id": NASTY})
    tables = RetailTables.from_frames(
        orders.assign(units=[1 + k % 3 for k in range(90)], unit_price=2.0)
    )
    forecast = MovingAverage().fit(Panel.from_tables(tables)).forecast(28)
    return weekly_report(tables, forecast=forecast, progress=False)


def seen(path, folder, *options):
    """The page as the browser leaves it, and what the browser had to say."""
    if BROWSER is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr"),
            *(*options, "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def figures_in(dom):
    found = re.findall(r'data-figure="([^"]+)" data-value="([^"]*)"', dom)
    return {name: float(value) for name, value in found}


def test_the_browser_shows_the_figures_of_the_tables(report, tmp_path):
    report.save(tmp_path / "week.html")
    dom, console = seen(tmp_path / "week.html", tmp_path)
    shown, week = figures_in(dom), report.week
    placed = week.orders[week.orders[c.UNITS] > 0]
    cost = placed[c.ITEM].map(week.tables.items.set_index(c.ITEM)[c.UNIT_COST])
    assert console == []
    assert shown["order_lines"] == len(placed) > 0
    assert shown["order_units"] == pytest.approx(placed[c.UNITS].sum())
    assert shown["order_value"] == pytest.approx((placed[c.UNITS] * cost).sum())
    assert shown["margin_at_risk"] == pytest.approx(week.risk[MONEY_AT_RISK].sum())
    assert shown["overstock_value"] == pytest.approx(week.risk[OVERSTOCK_VALUE].sum())
    assert shown["price_moves"] == (week.prices["change"] != 0).sum()
    assert shown["slots"] == len(week.slates)
    assert shown["members"] == week.slates[c.CUSTOMER].nunique()
    assert shown["actual_units"] == pytest.approx(week.accuracy.by_day["actual"].sum())


@pytest.mark.parametrize("which", ["report", "small"])
def test_nothing_runs_over_the_edge_of_a_narrow_window(which, request, tmp_path):
    html = request.getfixturevalue(which).html.replace("</body>", NARROW)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    dom, console = seen(tmp_path / "page.html", tmp_path, "--window-size=390,900")
    across, window = map(int, re.search(r"<title>(\d+) of (\d+)</title>", dom).groups())
    assert across <= window
    assert console == []


def test_names_are_text_and_missing_tables_are_told(small):
    assert "<script" not in small.html
    assert "no table of stock" in small.html.lower()
    assert {"No orders were made", "No prices were planned", "No slates were made"} <= {
        words for words in re.findall(r"No \w+ were \w+", small.html)
    }


def test_nothing_comes_from_elsewhere(report):
    assert not re.search(r'(src|href)="(?!#|data:)', report.html)
    assert "url(http" not in report.html and "@import" not in report.html


def test_pieces_are_escaped():
    shown = table("t", pd.DataFrame({'<b>"name"': [NASTY]}))
    assert "<script" not in shown and "<b>" not in shown
    assert "not known" in figure("f", float("nan"))


def test_a_page_is_written_whole_or_not_at_all(report, tmp_path):
    (tmp_path / "week.html").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        report.save(tmp_path / "week.html")
    assert [path.name for path in tmp_path.iterdir()] == ["week.html"]


@pytest.fixture(scope="module", params=[1400, 390], ids=["wide", "narrow"])
def opened(request, report, tmp_path_factory):
    """The rendered page with its measures in the title, the log, and the window's width."""
    folder = tmp_path_factory.mktemp("browser")
    page = folder / "week.html"
    page.write_text(report.html.replace("</body>", MEASURE), encoding="utf-8")
    command = [
        *(BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}"),
        *(f"--window-size={request.param},900", "--dump-dom", page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr, request.param


@needs_browser
def test_nothing_sticks_out_of_the_window(opened):
    dom, _, _ = opened
    needed, there, overflow = re.search(r"<title>(\d+) (\d+) (\w+)</title>", dom).groups()
    assert int(needed) <= int(there)
    assert overflow == "auto"


@needs_browser
def test_no_error_in_the_console(opened):
    assert not re.search(r"CONSOLE.*(error|Refused|Failed)", opened[1], re.I)


@needs_browser
def test_figures_as_rendered_are_those_of_the_tables(opened, report):
    shown = dict(re.findall(r'data-figure="(\w+)" data-value="[^"]*">([^<]*)<', opened[0]))
    placed = report.week.orders[report.week.orders["units"] > 0]
    assert shown["order_value"] == f"{placed['order_value'].sum():,.0f}"
    assert shown["order_lines"] == f"{len(placed):,}"
    assert shown["actual_units"] == f"{report.week.accuracy.actual:,.0f}"
    assert shown["slots"] == f"{len(report.week.slates):,}"


@needs_browser
def test_tables_are_rendered_row_by_row(opened, report):
    orders = re.search(r'data-table="orders".*?</table>', opened[0], re.S)[0]
    placed = report.week.orders[report.week.orders["units"] > 0]
    assert orders.count("<tr>") - 1 == min(len(placed), 25)
    first = placed.sort_values("expected_profit", ascending=False, kind="stable").iloc[0]
    assert f"{first['units']:,.0f}</td>" in orders
