"""RetailTables: a chain's tables, checked once at the door and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tables import views
from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.digest import fingerprint
from newretail_ml.tables.door import admit
from newretail_ml.tables.exact import PANDAS_3
from newretail_ml.tables.extent import Extent
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.report import DataReport
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.sources import read_tables
from newretail_ml.tables.summary import in_a_sentence
from newretail_ml.tables.writing import write_tables

if TYPE_CHECKING:
    from sqlalchemy import Engine

AnyMapping = SourceMapping | Mapping[str, Any] | str | Path | None


@dataclass(frozen=True, repr=False, eq=False)
class RetailTables:
    """The tables of a chain. Make them with `read` or `from_frames`, which check them.

    Only orders are required. Each attribute is a DataFrame in the library's column names or
    None; it is a copy, so that nothing a caller does to it changes these tables.

    - `orders`: order_id, time, channel, location_id, customer_id (may be missing), item_id,
      units (negative: returned), unit_price. Sorted by time.
    - `items`: item_id; if given category, subcategory, brand, unit_cost, pack_size, shelf_life
      (days), launch_date, delisting_date, and any other static attribute.
    - `locations`: location_id; if given kind ("store", "online" or "warehouse"), region, others.
    - `stock`: date, location_id, item_id, on_hand (units at the end of the day).
    - `prices`: date, item_id, price, regular_price, promotion (0 or 1); if given location_id and
      channel, else the price holds everywhere. Future dates are the price plan.
    - `customers`: customer_id; if given segment, home_location_id, favourite_channel, joined.
    - `events`: date, event; if given location_id and region, missing where it is everywhere.

    Ids are text. Times and dates are wall-clock times without a zone.

    >>> orders = pd.DataFrame({"order_id": [1, 2], "time": ["2024-05-01 09:30", "2024-05-03"],
    ...                        "item_id": ["tea", "tea"], "units": [3, -1], "unit_price": 2.5})
    >>> tables = RetailTables.from_frames(orders)
    >>> tables
    RetailTables: 2 order lines, 2024-05-01 to 2024-05-03 (3 days), 1 item, 1 location, 1 channel
      only orders are given
    >>> tables.demand_lines()[["order_id", "item_id", "units"]]
      order_id item_id  units
    0        1     tea    3.0
    """

    _tables: Mapping[str, pd.DataFrame]
    report: DataReport
    _extent: Extent | None = None

    @classmethod
    def from_frames(
        cls,
        orders: pd.DataFrame,
        *,
        items: pd.DataFrame | None = None,
        locations: pd.DataFrame | None = None,
        stock: pd.DataFrame | None = None,
        prices: pd.DataFrame | None = None,
        customers: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        mapping: AnyMapping = None,
        cleaning: Cleaning | None = None,
    ) -> Self:
        """Check DataFrames and make tables of them; the DataFrames stay as they are.

        Args:
            orders: order lines; the only table that is required.
            items: one row for each item.
            locations: one row for each location.
            stock: units on hand, one row for each day, location and item.
            prices: prices and promotions, one row for each day and item.
            customers: one row for each customer.
            events: one row for each day of a festival or local event.
            mapping: how columns are called, if otherwise: a dict, a TOML file, or the name of a
                mapping that comes with the library.
            cleaning: rules for order lines; instead of those in the mapping.

        Raises:
            DataError: a table cannot be used; the message names table, column, rows, next step.
        """
        frames = {
            ORDERS: orders,
            "items": items,
            "locations": locations,
            "stock": stock,
            "prices": prices,
            "customers": customers,
            "events": events,
        }
        given = {name: frame for name, frame in frames.items() if frame is not None}
        return cls._checked(given, SourceMapping.of(mapping).with_cleaning(cleaning))

    @classmethod
    def read(
        cls,
        source: "str | Path | Engine",
        *,
        mapping: AnyMapping = None,
        cleaning: Cleaning | None = None,
    ) -> Self:
        """Read and check the tables of a folder, file or database.

        Args:
            source: a folder with `<table>.parquet` or `<table>.csv`, each a file or a folder of
                part files as Spark and warehouses write them (`orders/date=2025-01-01/...` has
                the column `date`); one such table, which then holds the orders; a .duckdb file;
                or a SQLAlchemy URL or engine.
            mapping: as in `from_frames`; it may also say how tables are called.
            cleaning: as in `from_frames`.

        Raises:
            DataError: the source cannot be read, or a table cannot be used.
            MissingExtraError: duckdb or sqlalchemy is needed and not installed.
        """
        chosen = SourceMapping.of(mapping).with_cleaning(cleaning)
        tables = cls._checked(read_tables(source, chosen), chosen)
        extent = Extent.beside(Path(source)) if isinstance(source, (str, Path)) else None
        return replace(tables, _extent=extent)

    @classmethod
    def _checked(cls, frames: Mapping[str, pd.DataFrame], mapping: SourceMapping) -> Self:
        tables, findings = admit(frames, mapping)
        missing = {name: schema.absence for name, schema in SCHEMAS.items() if name not in tables}
        orders_first = sorted(findings, key=lambda finding: finding.table != ORDERS)
        return cls(tables, DataReport(tuple(orders_first), missing))

    def until(self, day: str | pd.Timestamp) -> Self:
        """The tables as they were on the evening of a day; plans of prices and events stay.

        Raises:
            DataError: there are no order lines so early.
        """
        end = pd.Timestamp(day).normalize() + pd.Timedelta(days=1)
        known = {**self._tables, ORDERS: self.orders[self.orders[c.TIME] < end]}
        if known[ORDERS].empty:
            raise DataError(
                f"there are no order lines until {end - pd.Timedelta(days=1):%Y-%m-%d}",
                table=ORDERS,
                next_step=f"Name a day from {self.orders[c.TIME].iloc[0]:%Y-%m-%d} on.",
            )
        if self.stock is not None:
            known["stock"] = self.stock[self.stock[c.DATE] < end]
        return replace(self, _tables=known, _extent=None)

    @property
    def orders(self) -> pd.DataFrame:
        """The order lines, sorted by time."""
        return _copy(self._tables[ORDERS])

    @property
    def items(self) -> pd.DataFrame | None:
        """One row for each item."""
        return self._table("items")

    @property
    def locations(self) -> pd.DataFrame | None:
        """One row for each location."""
        return self._table("locations")

    @property
    def stock(self) -> pd.DataFrame | None:
        """Units on hand at the end of each day."""
        return self._table("stock")

    @property
    def prices(self) -> pd.DataFrame | None:
        """Prices and promotions by day, planned ones included."""
        return self._table("prices")

    @property
    def customers(self) -> pd.DataFrame | None:
        """One row for each customer."""
        return self._table("customers")

    @property
    def events(self) -> pd.DataFrame | None:
        """Festivals and local events by day."""
        return self._table("events")

    @property
    def missing(self) -> dict[str, str]:
        """What it means, in words, for each table that is not given."""
        return dict(self.report.missing)

    @cached_property
    def extent(self) -> Extent:
        """How far the chain reaches; more than these tables where they are a part of it."""
        return self._extent or Extent.of(self._tables)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of 16 hex digits over the content of all tables, for tracking."""
        return fingerprint(self._tables)

    def demand_lines(self) -> pd.DataFrame:
        """The order lines that are demand: positive units, not cancelled."""
        return views.demand_lines(self._tables[ORDERS])

    def member_view(self) -> pd.DataFrame:
        """One row for each known customer over all channels; see `views.member_view`."""
        return views.member_view(self._tables[ORDERS])

    def item_view(self) -> pd.DataFrame:
        """One row for each item over all channels; see `views.item_view`."""
        return views.item_view(self._tables[ORDERS], self._tables.get("stock"))

    def write(self, folder: str | Path) -> None:
        """Write one Parquet file for each table, whole or not at all; `read` reads them back.

        Raises:
            DataError: the folder holds other files than tables.
        """
        write_tables(self._tables, Path(folder))

    def _table(self, name: str) -> pd.DataFrame | None:
        table = self._tables.get(name)
        return None if table is None else _copy(table)

    def __repr__(self) -> str:
        return in_a_sentence(self._tables)


def _copy(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy that protects the original; from pandas 3 on it costs nothing until written to."""
    return frame.copy(deep=not PANDAS_3)
