"""The page says what the tables say, whatever they lack; in a real browser as well.

One file, so that one worker makes the page once.
"""

import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.report import weekly_report
from newretail_ml.tables import RetailTables

SECTIONS = ["money", "forecast", "stock", "orders", "prices", "slates", "data"]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--v=0"),
]
# A frame has any width, a headless window is never very narrow.
FRAME = """<!doctype html><iframe id="f" width="{width}" height="900" srcdoc="{page}"></iframe>
<script>
const frame = document.getElementById("f");
frame.onload = () => {{
  const page = frame.contentDocument;
  const box = frame.contentWindow.getComputedStyle(page.querySelector(".scroll"));
  document.title = [page.documentElement.scrollWidth, box.overflowX].join(" ");
  document.body.append(...page.body.children);
}};
</script>"""
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="there is no Chromium here; Debian's package is called chromium"
)


class Page(HTMLParser):
    """Figures, tables, headings and tags of a page."""

    def __init__(self, html):
        super().__init__()
        self.figures, self.rows, self.tags, self.ids = {}, {}, [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        if "id" in found and tag == "h2":
            self.ids.append(found["id"])
        if "data-figure" in found:
            self.figures[found["data-figure"]] = float(found["data-value"])
        if "data-table" in found:
            self.rows[found["data-table"]] = int(found["data-rows"])


@pytest.fixture(scope="module")
def page(report):
    return Page(report.html)


def test_every_section_is_there_in_order(page):
    assert page.ids == SECTIONS


def test_figures_are_those_of_the_decisions(report, page):
    week, shown = report.week, page.figures
    placed = week.orders[week.orders["units"] > 0]
    assert shown["order_value"] == pytest.approx(placed["order_value"].sum())
    assert shown["order_lines"] == len(placed) == page.rows["orders"]
    moved = week.prices[week.prices["change"] != 0]
    assert shown["price_gain"] == pytest.approx(7 * moved["profit_gain"].sum())
    assert shown["price_moves"] == len(moved)
    assert shown["slots"] == len(week.slates)
    assert shown["members"] == week.slates["customer_id"].nunique()
    assert shown["slate_margin"] == pytest.approx(week.slates["expected_margin"].sum())


def test_revenue_is_expected_units_at_the_last_price_paid(report, page, tables):
    lines = tables.orders[tables.orders["units"] > 0].sort_values("time", kind="stable")
    price = lines.groupby("item_id")["unit_price"].last()
    forecast = report.week.forecast
    units = pd.Series(forecast.mean()[:, :7].sum(axis=1), forecast.keys["item_id"])
    told = units.groupby(level=0).sum().mul(price).sum()
    assert page.figures["expected_revenue"] == pytest.approx(told)


def test_actuals_are_the_sales_of_the_last_two_weeks_but_for_sold_out_days(report, page):
    panel = report.week.panel
    units, censored = panel.units[:, -14:], panel.censored[:, -14:]
    assert page.figures["actual_units"] == np.where(censored, 0, units).sum()
    assert page.figures["censored_share"] == pytest.approx(censored.mean())
    assert page.figures["forecast_bias"] == pytest.approx(
        page.figures["forecast_units"] / page.figures["actual_units"] - 1
    )


def test_the_earlier_forecast_knew_nothing_of_the_days_it_is_judged_by(report, tables):
    late = tables.orders["time"] > tables.orders["time"].max() - pd.Timedelta(days=13)
    edited = tables.orders.assign(units=tables.orders["units"].where(~late, 50))
    names = ("items", "locations", "stock", "prices", "customers", "events")
    again = weekly_report(
        RetailTables.from_frames(edited, **{name: getattr(tables, name) for name in names}),
        forecast=report.week.forecast,
        orders=report.week.orders,
        prices=report.week.prices,
        slates=report.week.slates,
        progress=False,
    )
    np.testing.assert_array_equal(again.week.earlier.paths, report.week.earlier.paths)
    assert again.week.accuracy.actual > report.week.accuracy.actual


def test_money_at_risk_is_the_margin_of_what_paths_lack(report, page):
    week = report.week
    state = week.state.merge(week.margins[["item_id", "unit_margin"]], on="item_id")
    total = 0.0
    for row in state.itertuples():
        keys = week.forecast.keys
        here = (keys["item_id"] == row.item_id) & (keys["location_id"] == row.location_id)
        demand = week.forecast.paths[here.to_numpy()][0, :, :5].sum(axis=1)
        total += np.maximum(demand - row.on_hand, 0).mean() * max(row.unit_margin, 0)
    assert page.figures["margin_at_risk"] == pytest.approx(total, rel=1e-6)


def test_text_of_tables_is_escaped(report, page):
    assert "script" not in page.tags
    assert "<script>" not in report.html
    assert "&lt;script&gt;" in report.html
    assert "茶" in report.html


def test_no_id_is_there_twice(report):
    ids = re.findall(r'\bid="([^"]+)"', report.html)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'url\(#([^)"]+)\)|href="#([^"]+)"', report.html))
    assert {one or other for one, other in used} <= set(ids)


def test_nothing_is_fetched_from_elsewhere(report):
    links = re.findall(r'(?:href|src)="([^"]+)"', report.html)
    assert {link[:1] for link in links} <= {"#", "d"}
    assert "url(http" not in report.html


def test_orders_alone_make_a_page_that_says_what_is_missing(tables):
    alone = RetailTables.from_frames(tables.orders.drop(columns="customer_id"))
    made = weekly_report(alone, horizon=14, progress=False)
    assert Page(made.html).ids == SECTIONS
    for words in ("no table of stock", "No orders were made", "No prices", "No slates"):
        assert words in made.html
    assert made.week.orders is made.week.prices is made.week.slates is None


def test_decisions_that_are_given_are_shown_as_they_are(tables, report):
    orders = pd.DataFrame(
        {"item_id": ["item_0002"], "location_id": ["store_01"], "units": [7], "why": ["by hand"]}
    )
    made = weekly_report(
        tables,
        forecast=report.week.forecast.to_frame(),
        earlier=report.week.earlier,
        orders=orders,
        prices=report.week.prices,
        slates=report.week.slates,
        progress=False,
    )
    assert Page(made.html).figures["order_units"] == 7
    cost = tables.items.set_index("item_id")["unit_cost"]["item_0002"]
    assert Page(made.html).figures["order_value"] == pytest.approx(7 * cost)
    assert "by hand" in made.html


def test_prices_keep_the_rules_that_are_given(tables, report):
    made = weekly_report(
        tables,
        forecast=report.week.forecast,
        earlier=report.week.earlier,
        orders=report.week.orders,
        slates=report.week.slates,
        price_rules=PriceRules(max_change=0.03),
        progress=False,
    )
    before, after = (week.prices["change"].abs().max() for week in (report.week, made.week))
    assert 0 < after <= 0.03 + 1e-9 < before


def test_a_page_is_written_whole_or_not_at_all(report, tmp_path):
    file = report.save(tmp_path / "deep" / "week.html")
    assert file.read_text(encoding="utf-8") == report.html
    assert [path.name for path in file.parent.iterdir()] == ["week.html"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        report.save(tmp_path / "file" / "week.html")


@pytest.mark.parametrize(
    "wrong", [{"lead_time": -1}, {"review_period": 0}, {"horizon": 3}, {"holding_rate": 0}]
)
def test_terms_out_of_range_are_refused(tables, wrong):
    with pytest.raises(DataError):
        weekly_report(tables, **wrong)


@pytest.fixture(scope="module", params=[1400, 390], ids=["wide", "narrow"])
def opened(request, report, tmp_path_factory):
    """The page as rendered at a width, its measures in the title; the browser's log; the width."""
    folder = tmp_path_factory.mktemp("browser")
    file = folder / "week.html"
    file.write_text(FRAME.format(width=request.param, page=escape(report.html)), encoding="utf-8")
    command = [
        *(BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}"),
        *("--window-size=1600,1000", "--virtual-time-budget=5000", "--dump-dom", file.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr, request.param


@needs_browser
def test_nothing_sticks_out_of_the_window(opened):
    needed, overflow = re.search(r"<title>(\d+) (\w+)</title>", opened[0]).groups()
    assert opened[2] - 20 <= int(needed) <= opened[2]
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
