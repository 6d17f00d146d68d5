"""A panel from a long frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns
from newretail_ml.errors import DataError
from newretail_ml.panel.panel import Panel, goes_on
from newretail_ml.panel.periods import Periods, check_frequency, infer_frequency

PLANS = (c.PRICE, c.REGULAR_PRICE, c.PROMOTION)
_NIXTLA = {"unique_id": c.ITEM, "ds": c.DATE, "y": c.UNITS}
_FRAME = "frame"
_STATICS = "statics"
_LIFE = {"launch": c.LAUNCH_DATE, "delisting": c.DELISTING_DATE}
_ZONE = r"^(.*\d:\d\d.*?)\s*(?:Z|[+-]\d\d:?\d\d)$"


def panel_from_frame(
    cls: type[Panel],
    frame: pd.DataFrame,
    freq: str | None,
    statics: pd.DataFrame | None,
    events: pd.DataFrame | None,
    plans: Sequence[str],
) -> Panel:
    """See `Panel.from_frame`."""
    frame = _checked(frame, plans)
    freq = freq or infer_frequency(frame[c.DATE])
    check_frequency(freq)
    key_columns = [name for name in c.SERIES_KEYS if name in frame]
    groups = frame.groupby(key_columns, sort=True, observed=True)
    series = groups.ngroup().to_numpy()
    keys = groups.size().reset_index()[key_columns]
    periods = Periods.spanning(frame[c.DATE].min(), frame[c.DATE].max(), freq)
    period = periods.position(frame[c.DATE])
    _check_unique(frame, series * len(periods) + period, key_columns)
    shape = (len(keys), len(periods))
    attributes = _aligned(statics, keys)
    launch = positions(attributes, c.LAUNCH_DATE, periods, missing=-1)
    units = _filled(frame, series, period, launch, shape, cut=_known_periods(frame, period))
    censored = np.zeros(units.shape, dtype=bool)
    if c.CENSORED in frame:
        marked = frame[c.CENSORED].to_numpy() & (period < units.shape[1])
        censored[series[marked], period[marked]] = True
    return cls(
        keys=keys,
        periods=periods,
        units=units,
        censored=censored,
        launch=launch,
        delisting=positions(attributes, c.DELISTING_DATE, periods, missing=Panel.NEVER),
        plans={
            name: plan_array(frame[name], series, period, shape)
            for name in dict.fromkeys((*PLANS, *plans))
            if name in frame
        },
        statics=attributes.drop(columns=[c.LAUNCH_DATE, c.DELISTING_DATE], errors="ignore"),
        **({} if events is None else {"events": events}),
    )


def plan_array(
    values: pd.Series, series: np.ndarray, period: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """(series, periods) float32 mean of the values of each cell.

    Over gaps the last price goes on; a promotion or display does not.
    """
    cell = series * shape[1] + period
    numbers = pd.to_numeric(values).to_numpy(float)
    known = np.isfinite(numbers)
    count = np.bincount(cell[known], minlength=shape[0] * shape[1])
    total = np.bincount(cell[known], weights=numbers[known], minlength=shape[0] * shape[1])
    mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    plan = carried_forward(mean.reshape(shape))
    if not goes_on(str(values.name), numbers):
        plan[(count == 0).reshape(shape) & ~np.isnan(plan)] = 0.0
    return plan.astype(np.float32)


def carried_forward(values: np.ndarray) -> np.ndarray:
    """Each NaN replaced by the last value before it in its row, if there is one.

    >>> carried_forward(np.array([[np.nan, 2.0, np.nan, 3.0]])).tolist()
    [[nan, 2.0, 2.0, 3.0]]
    """
    position = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    np.maximum.accumulate(position, axis=1, out=position)
    return np.take_along_axis(values, position, axis=1)


def positions(table: pd.DataFrame, column: str, periods: Periods, *, missing: int) -> np.ndarray:
    """(rows,) int32 period of each date, 0 for earlier ones; ``missing`` where none is told."""
    found = np.full(len(table), missing, dtype=np.int32)
    if column in table:
        known = table[column].notna().to_numpy()
        found[known] = np.maximum(periods.position(table[column][known]), 0)
    return found


def _checked(frame: pd.DataFrame, plans: Sequence[str]) -> pd.DataFrame:
    names = {old: new for old, new in _NIXTLA.items() if old in frame and new not in frame}
    frame = frame.rename(columns=names).reset_index(drop=True)
    for column in (c.ITEM, c.DATE, c.UNITS):
        if column not in frame:
            raise DataError(
                f"the column is missing (there are {', '.join(map(str, frame.columns))})",
                table=_FRAME,
                column=column,
                next_step="Rename a column to it (unique_id, ds and y are read too).",
            )
    need_columns(frame, _FRAME, plans)
    _refuse_keys(plans)
    if frame.empty:
        raise DataError("there are no rows", table=_FRAME, next_step="Pass at least one row.")
    for column in c.SERIES_KEYS:
        if column in frame:
            _refuse(frame[column], frame[column].isna(), "are missing", "Fill or drop the rows.")
    numeric = (c.UNITS, c.CENSORED, *PLANS, *plans)
    checked = {name: _numbers(frame[name]) for name in numeric if name in frame}
    _refuse(frame[c.UNITS], checked[c.UNITS] < 0, "are negative", "Pass sales before returns.")
    if c.CENSORED in checked:
        checked[c.CENSORED] = checked[c.CENSORED] > 0
    return frame.assign(**{c.DATE: _dates(frame[c.DATE])}, **checked)


def _dates(values: pd.Series, table: str = _FRAME) -> pd.Series:
    """Dates on the wall clock: a sale belongs to the day that the shop's clock showed."""
    if pd.api.types.is_numeric_dtype(values):
        dates = pd.Series(pd.NaT, index=values.index)
    elif isinstance(values.dtype, pd.DatetimeTZDtype):
        dates = values.dt.tz_localize(None)
    elif pd.api.types.infer_dtype(values) == "string":
        text = values.str.replace(_ZONE, r"\1", regex=True)
        dates = pd.to_datetime(text, format="ISO8601", errors="coerce")
    else:
        dates = pd.to_datetime(values, errors="coerce")
    _refuse(values, dates.isna(), "are not dates", "Write them as YYYY-MM-DD.", table)
    return dates


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    bad = numbers.isna() & values.notna()
    _refuse(values, bad, "are not numbers", "Correct them, or leave them empty.")
    _refuse(values, np.isinf(numbers), "are infinite", "Correct them, or leave them empty.")
    return numbers


def _refuse_keys(plans: Sequence[str]) -> None:
    taken = [name for name in plans if name in (*c.SERIES_KEYS, c.DATE, c.UNITS, c.CENSORED)]
    if taken:
        raise DataError(
            f"{taken[0]} is a key or the sales, and no plan",
            table=_FRAME,
            column=taken[0],
            next_step="Leave it out of plans.",
        )


def _refuse(
    values: pd.Series, bad: pd.Series, what: str, next_step: str, table: str = _FRAME
) -> None:
    if bad.any():
        rows = values.index[bad]
        raise DataError(
            f"{bad.sum():,} values {what}, the first is {values[bad].tolist()[0]!r}",
            table=table,
            column=str(values.name),
            rows=rows,
            next_step=next_step,
        )


def _check_unique(frame: pd.DataFrame, cell: np.ndarray, key_columns: list[str]) -> None:
    repeated = pd.Series(cell).duplicated(keep=False).to_numpy()
    if repeated.any():
        raise DataError(
            f"{repeated.sum():,} rows share {', '.join(key_columns)} and period with another row",
            table=_FRAME,
            rows=frame.index[repeated],
            next_step="Add them up, or pass a shorter period as freq.",
        )


def _known_periods(frame: pd.DataFrame, period: np.ndarray) -> int:
    known = frame[c.UNITS].notna().to_numpy()
    if not known.any():
        raise DataError(
            "no value is known", table=_FRAME, column=c.UNITS, next_step="Pass at least one sale."
        )
    return int(period[known].max()) + 1


def _filled(
    frame: pd.DataFrame,
    series: np.ndarray,
    period: np.ndarray,
    launch: np.ndarray,
    shape: tuple[int, int],
    cut: int,
) -> np.ndarray:
    """Zero from a series' launch or first row on, NaN before it and where units are missing."""
    first = np.where(launch < 0, shape[1], launch)
    np.minimum.at(first, series, period)
    units = np.where(np.arange(cut) < first[:, None], np.nan, 0.0).astype(np.float32)
    inside = period < cut
    units[series[inside], period[inside]] = frame[c.UNITS].to_numpy()[inside]
    return units


def _aligned(statics: pd.DataFrame | None, keys: pd.DataFrame) -> pd.DataFrame:
    if statics is None:
        return pd.DataFrame(index=keys.index)
    on = [name for name in keys.columns if name in statics]
    if not on or statics.duplicated(on).any():
        raise DataError(
            f"the static attributes need one row for each {' and '.join(keys.columns)}",
            table=_STATICS,
            next_step="Add the key column, and drop rows that repeat a key.",
        )
    return keys.merge(_with_life(statics), how="left", on=on).drop(columns=list(keys.columns))


def _with_life(statics: pd.DataFrame) -> pd.DataFrame:
    """Launch and delisting, where they are told, as dates under the names of the items table."""
    names = {old: new for old, new in _LIFE.items() if old in statics and new not in statics}
    statics = statics.rename(columns=names).reset_index(drop=True)
    for name in _LIFE.values():
        if name in statics:
            dates = _dates(statics[name].dropna(), _STATICS)
            statics = statics.assign(**{name: dates.reindex(statics.index)})
    if set(_LIFE.values()) <= set(statics):
        early = statics[c.DELISTING_DATE] < statics[c.LAUNCH_DATE]
        _refuse(
            statics[c.DELISTING_DATE],
            early,
            f"lie before {c.LAUNCH_DATE}",
            "Correct one of the two dates.",
            _STATICS,
        )
    return statics
