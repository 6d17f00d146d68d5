"""One self-contained page for a week's decisions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.report.page import page
from newretail_ml.report.sections import SECTIONS
from newretail_ml.report.week import Terms, Week, week_of
from newretail_ml.tables import RetailTables
from newretail_ml.tables.whole_folder import hidden_beside


@dataclass(frozen=True, eq=False)
class Report:
    """A week's decisions as one page, and the frames that it shows.

    Attributes:
        week: forecast, orders, prices, slates, stock at risk, accuracy.
        html: the page; it needs no other file, no script and no network.
    """

    week: Week
    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page, whole or not at all.

        Raises:
            DataError: it cannot be written there.
        """
        path = Path(path)
        try:
            with hidden_beside(path) as aside:
                made = aside / path.name
                made.write_text(self.html, encoding="utf-8")
                made.replace(path)
        except OSError as error:
            raise DataError(
                f"{path} cannot be written ({error.strerror or error})",
                next_step="Name another file.",
            ) from error
        return path

    def __repr__(self) -> str:
        return f"Report({len(self.html) / 1024:,.0f} kB)"


def weekly_report(
    tables: RetailTables,
    *,
    forecast: Forecast | pd.DataFrame | None = None,
    earlier: Forecast | None = None,
    orders: pd.DataFrame | None = None,
    prices: pd.DataFrame | None = None,
    slates: pd.DataFrame | None = None,
    lead_time: int = 5,
    review_period: int = 2,
    horizon: int = 28,
    holding_rate: float = 0.25,
    price_rules: PriceRules | None = None,
    random_state: int = 0,
    progress: bool = True,
) -> Report:
    """Put a week's decisions on one page: money, forecast, stock, orders, prices, slates, data.

    What is not given is decided by the library's defaults. A section whose table the chain does
    not have says so.

    Args:
        tables: the chain's tables.
        forecast: of the coming days, or a frame of it as `Forecast.to_frame` makes it.
        earlier: made before the last weeks, to be set against what they sold; by default one is
            made from two weeks ago.
        orders: an order list, as `plan_orders` makes it.
        prices: a price list, as `plan_prices` makes it.
        slates: as `plan_slates` makes them.
        lead_time: days from order to delivery, for stock at risk and for orders made here.
        review_period: days from one order to the next.
        horizon: days of a forecast made here.
        holding_rate: yearly cost of holding, as a share of unit cost.
        price_rules: of a price list made here; by default within a tenth of today's prices.
        random_state: seed of what is made here.
        progress: show a progress bar.

    Raises:
        DataError: an argument is out of its range, or the tables have no orders to learn from.

    Example::

        report = weekly_report(RetailTables.read("data/sample"))
        report.save("week.html")
    """
    check_whole("lead_time", lead_time)
    check_whole("review_period", review_period, at_least=1)
    check_whole("horizon", horizon, at_least=max(lead_time + review_period, 7))
    check_number("holding_rate", holding_rate, above=0.0)
    terms = Terms(
        lead_time, review_period, horizon, holding_rate, random_state, progress, price_rules
    )
    week = week_of(
        tables,
        terms,
        forecast=forecast,
        earlier=earlier,
        orders=orders,
        prices=prices,
        slates_given=slates,
    )
    last = week.panel.last_date
    first = last + pd.Timedelta(days=1)
    sections = {name: (heading, make(week)) for name, (heading, make) in SECTIONS.items()}
    words = (
        f"Decided on {last:%d %B %Y}, from {len(tables.orders):,} order lines of "
        f"{week.panel.n_series:,} pairs of item and place. Lead time {lead_time} days, next order "
        f"in {review_period}."
    )
    return Report(week, page(f"The week from {first:%d %B %Y}", words, sections))
