"""What was observed of prices: sums of sales that are all a demand curve needs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_unknown, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.curve import CurveSales
from newretail_ml.tables.parsing import to_text

MOVE = "move"
PERIODS = "periods"
SQUARES = "squares"
EVERYWHERE = "everywhere"
_KEYS = [c.ITEM, c.LOCATION, MOVE]
_SUMS = [c.EXPECTED, c.UNITS, SQUARES, PERIODS]


def no_sales() -> pd.DataFrame:
    """Nothing observed yet."""
    names = {c.ITEM: object, c.LOCATION: object} | dict.fromkeys([MOVE, *_SUMS], float)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in names.items()})


def check_kept(kept: object, names: list[str]) -> None:
    """Raise unless what was kept of a learner has all of its parts."""
    missing = [name for name in names if not isinstance(kept, dict) or name not in kept]
    if missing:
        raise DataError(
            f"what was kept of the learner has no {', '.join(missing)}",
            next_step="Pass what to_dict returned, all of it.",
        )


def base_prices(candidates: pd.DataFrame) -> pd.Series:
    """Geometric mean of each item's candidates: what prices are measured against by default."""
    return np.exp(np.log(candidates[c.PRICE]).groupby(candidates[c.ITEM]).mean())


def add_sales(
    sales: pd.DataFrame, outcomes: pd.DataFrame, candidates: pd.DataFrame
) -> pd.DataFrame:
    """The sums with some outcomes added."""
    rows = _checked(outcomes, candidates)
    expected, units = rows[c.EXPECTED], rows[c.UNITS]
    more = pd.DataFrame(
        {
            c.ITEM: rows[c.ITEM],
            c.LOCATION: rows[c.LOCATION],
            MOVE: np.round(np.log(rows[c.PRICE] / rows[c.BASE_PRICE]), 6),
            c.EXPECTED: expected,
            c.UNITS: units,
            SQUARES: units**2 / expected,
            PERIODS: 1.0,
        }
    )
    both = more if sales.empty else pd.concat([sales, more], ignore_index=True)
    return both.groupby(_KEYS, as_index=False)[_SUMS].sum()


def curve_sales(sales: pd.DataFrame, items: np.ndarray, places: np.ndarray) -> CurveSales:
    """The sums as arrays (items, locations, prices), prices in no order, filled up with zeros."""
    number = sales.groupby([c.ITEM, c.LOCATION]).cumcount().to_numpy()
    size = int(number.max(initial=0)) + 1
    cell = (
        np.searchsorted(items, sales[c.ITEM].to_numpy()),
        np.searchsorted(places, sales[c.LOCATION].to_numpy()),
        number,
    )
    arrays = {}
    for name in (MOVE, *_SUMS):
        arrays[name] = np.zeros((len(items), len(places), size))
        arrays[name][cell] = sales[name].to_numpy()
    return CurveSales(**arrays)


def _checked(outcomes: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    table = "outcomes"
    need_columns(outcomes, table, [c.ITEM, c.PRICE, c.UNITS])
    if c.CHOSEN in outcomes and not outcomes[c.CHOSEN].all():
        raise DataError(
            "some prices were not charged",
            table=table,
            column=c.CHOSEN,
            next_step="Pass the rows that were chosen: log[log.chosen].",
        )
    base = base_prices(candidates)
    rows = outcomes.reset_index(drop=True)
    rows[c.ITEM] = to_text(rows[c.ITEM])
    refuse_values(rows[c.ITEM], ~rows[c.ITEM].isin(base.index).to_numpy(), table, "are not known")
    rows = rows.assign(
        **{
            c.LOCATION: to_text(rows[c.LOCATION]) if c.LOCATION in rows else EVERYWHERE,
            c.EXPECTED: rows.get(c.EXPECTED, 1.0),
            c.BASE_PRICE: rows.get(c.BASE_PRICE, rows[c.ITEM].map(base)),
        }
    )
    if c.CENSORED in rows:
        rows = rows[~rows[c.CENSORED].astype(bool)]
    refuse_values(rows[c.LOCATION], rows[c.LOCATION].isna().to_numpy(), table, "are missing")
    for name in (c.PRICE, c.EXPECTED, c.BASE_PRICE, c.UNITS):
        rows = rows.assign(**{name: numbers(rows[name], table, zero=name == c.UNITS)})
    return rows


def numbers(values: pd.Series, table: str, *, zero: bool = False) -> pd.Series:
    """The values as finite numbers above zero, or of at least zero."""
    read = pd.to_numeric(values, errors="coerce").astype(float)
    bad = ~(np.isfinite(read) & ((read >= 0) if zero else (read > 0))).to_numpy()
    limit = "of at least zero" if zero else "above zero"
    refuse_values(values, bad, table, f"are not finite numbers {limit}")
    return read


def checked_candidates(candidates: pd.DataFrame) -> pd.DataFrame:
    """item_id and price, sorted, each once."""
    table = "candidates"
    if not isinstance(candidates, pd.DataFrame) or candidates.empty:
        raise DataError(
            "there are no candidate prices", table=table, next_step="Give item_id and price."
        )
    need_columns(candidates, table, [c.ITEM, c.PRICE])
    refuse_unknown(candidates, table, [c.ITEM, c.PRICE])
    refuse_values(candidates[c.ITEM], candidates[c.ITEM].isna().to_numpy(), table, "are missing")
    kept = candidates.assign(
        **{
            c.ITEM: to_text(candidates[c.ITEM]),
            c.PRICE: numbers(candidates[c.PRICE], table),
        }
    )
    return kept.drop_duplicates().sort_values([c.ITEM, c.PRICE], ignore_index=True)
