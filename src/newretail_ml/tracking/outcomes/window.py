"""The periods after a decision, for all its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole, need_columns, refuse_repeated
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.happened import (
    Happened,
    cells,
    check_some_known,
    panel_of,
    week_of,
)

LINE = "line"


@dataclass(frozen=True, eq=False)
class Window:
    """Lines of a decision, and what happened to their series in the periods after it.

    Attributes:
        keys: columns that name a line.
        lines: one row a line, numbered from 0.
        table: one row a line and known period: keys, line, date, week, units, censored.
        panel: of the same series.
        freq: length of a period.
    """

    keys: list[str]
    lines: pd.DataFrame
    table: pd.DataFrame
    panel: Panel
    freq: str

    @classmethod
    def after(
        cls,
        decided: str | pd.Timestamp | None,
        periods: int,
        lines: pd.DataFrame,
        happened: Happened,
        what: str,
        freq: str | None,
    ) -> Window:
        """The periods after the day on which was decided.

        Args:
            decided: last day that was known when it was decided.
            periods: how many periods are looked at.
            lines: one row a series.
            happened: tables or a panel with the later sales.
            what: name of the decision.
            freq: "D", "W" or "M"; by default the panel's, or days.

        Raises:
            DataError: it is not known when was decided, or nothing has happened since.
        """
        need_columns(lines, what, [c.ITEM])
        keys = [name for name in c.SERIES_KEYS if name in lines]
        refuse_repeated(lines, what, keys)
        day = day_of(decided, what)
        if freq is None:
            freq = happened.periods.freq if isinstance(happened, Panel) else "D"
        panel = panel_of(happened, keys, freq)
        numbered = lines.reset_index(drop=True)
        length = check_whole("periods", periods, at_least=1)
        # Of the period that holds the day of the decision, sales are only known in part.
        begin = int(panel.periods.position([day + pd.Timedelta(days=1)])[0])
        begin += int(panel.periods.position([day])[0]) == begin
        dates = panel.periods.resized(max(begin + length, 1)).dates[max(begin, 0) :]
        table = numbered[keys].loc[numbered.index.repeat(len(dates))]
        table = table.rename_axis(LINE).reset_index()
        table[c.DATE] = np.tile(dates, len(numbered))
        found = cells(panel, table[keys], table[c.DATE])
        check_some_known(found.known, table[c.DATE], panel, what)
        table[c.UNITS], table[c.CENSORED] = found.units, found.sold_out
        table = table[found.known].reset_index(drop=True)
        table.insert(0, w.WEEK, week_of(table[c.DATE], freq))
        return cls(keys, numbered, table, panel, freq)

    def add(self, name: str, values: pd.DataFrame) -> pd.Series:
        """A value of each row of the table, from a frame of keys, date and that value."""
        on = [*self.keys, c.DATE]
        kinds = {key: self.table[key].dtype for key in self.keys}
        found = self.table[on].merge(values[[*on, name]].astype(kinds), how="left", on=on)
        return found[name].set_axis(self.table.index)

    def by_period(self, frame: pd.DataFrame, time: str) -> pd.DataFrame:
        """A frame with the first day of the period of each of its times, as date."""
        position = self.panel.periods.position(frame[time])
        inside = (position >= 0) & (position < len(self.panel.periods))
        dates = self.panel.periods.dates[position[inside]]
        return frame[inside].assign(**{c.DATE: dates})


def day_of(decided: str | pd.Timestamp | None, what: str) -> pd.Timestamp:
    """The last day that was known when it was decided."""
    try:
        day = pd.to_datetime(decided, format="ISO8601")
    except (ValueError, TypeError):
        day = pd.NaT
    if day is None or pd.isna(day):
        raise DataError(
            f"it is not known when the {what} were decided ({decided!r})",
            next_step='Pass decided="2026-05-31": the last day whose sales were known then.',
        )
    return pd.Timestamp(day).tz_localize(None).normalize()


def tables_of(happened: Happened) -> RetailTables | None:
    """The tables, where they were given."""
    return happened if isinstance(happened, RetailTables) else None
