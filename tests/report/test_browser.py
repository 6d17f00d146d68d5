"""The page in a real browser: what it shows, in a wide window and in a narrow one."""

import re
import shutil
import subprocess

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--v=0"),
]
MEASURE = (
    "<script>document.title = [document.documentElement.scrollWidth, innerWidth,"
    " getComputedStyle(document.querySelector('.scroll')).overflowX].join(' ')</script></body>"
)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="there is no Chromium here; Debian's package is called chromium"
)


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


def test_nothing_sticks_out_of_the_window(opened):
    dom, _, _ = opened
    needed, there, overflow = re.search(r"<title>(\d+) (\d+) (\w+)</title>", dom).groups()
    assert int(needed) <= int(there)
    assert overflow == "auto"


def test_no_error_in_the_console(opened):
    assert not re.search(r"CONSOLE.*(error|Refused|Failed)", opened[1], re.I)


def test_figures_as_rendered_are_those_of_the_tables(opened, report):
    shown = dict(re.findall(r'data-figure="(\w+)" data-value="[^"]*">([^<]*)<', opened[0]))
    placed = report.week.orders[report.week.orders["units"] > 0]
    assert shown["order_value"] == f"{placed['order_value'].sum():,.0f}"
    assert shown["order_lines"] == f"{len(placed):,}"
    assert shown["actual_units"] == f"{report.week.accuracy.actual:,.0f}"
    assert shown["slots"] == f"{len(report.week.slates):,}"


def test_tables_are_rendered_row_by_row(opened, report):
    orders = re.search(r'data-table="orders".*?</table>', opened[0], re.S)[0]
    placed = report.week.orders[report.week.orders["units"] > 0]
    assert orders.count("<tr>") - 1 == min(len(placed), 25)
    first = placed.sort_values("expected_profit", ascending=False, kind="stable").iloc[0]
    assert f"{first['units']:,.0f}</td>" in orders
