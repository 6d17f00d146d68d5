"""Lists and truth as frames from anywhere, checked so that no repetition earns anything."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.tables.parsing import to_text

_OTHER_NAMES = {"user_id": c.CUSTOMER}
_TIMES = (c.TIME, c.DATE, "timestamp")


def read_lists(frame: pd.DataFrame, k: int, table: str = "lists") -> pd.DataFrame:
    """customer_id, item_id and rank of the first k slots, sorted by customer and rank.

    Rows that are the same in all three are one slot. An item that is listed again is a slot that
    cannot hit: its first place counts. Without ranks, a higher score comes first, ties by item.

    Raises:
        DataError: two items share a rank, a rank is no whole number from 1 on, ids are missing.
    """
    lists = _with_ids(frame, table)
    if c.RANK not in lists:
        lists[c.RANK] = _ranks_of_scores(lists, table)
    rank = _whole_ranks(lists[c.RANK], table)
    lists = lists.assign(**{c.RANK: rank})[[c.CUSTOMER, c.ITEM, c.RANK]].drop_duplicates()
    shared = lists.duplicated([c.CUSTOMER, c.RANK], keep=False).to_numpy()
    if shared.any():
        raise DataError(
            "items of a customer share a rank",
            table=table,
            column=c.RANK,
            rows=lists.index[shared],
            next_step="Number the items of each customer 1, 2, 3 and so on.",
        )
    lists = lists.sort_values([c.CUSTOMER, c.RANK], ignore_index=True)
    first = ~lists.duplicated([c.CUSTOMER, c.ITEM])
    return lists[first & (lists[c.RANK] <= k)].reset_index(drop=True)


def read_truth(frame: pd.DataFrame, table: str = "truth") -> pd.DataFrame:
    """customer_id, item_id and units, one row for each pair however often it was bought.

    Without units, each row counts 1. Rows with no units or units brought back are left out.

    Raises:
        DataError: ids are missing, or units are not numbers.
    """
    truth = _with_ids(frame, table)
    if c.UNITS in truth:
        units = pd.to_numeric(truth[c.UNITS], errors="coerce")
        refuse_values(truth[c.UNITS], ~np.isfinite(units.to_numpy(float)), table, "are no numbers")
        truth = truth.assign(**{c.UNITS: units.astype(float)})[units > 0]
    else:
        truth = truth.assign(**{c.UNITS: 1.0})
    return truth.groupby([c.CUSTOMER, c.ITEM], as_index=False)[c.UNITS].sum()


def read_history(history: Interactions | pd.DataFrame | None) -> Interactions | None:
    """Interactions as they are; a frame of customers and items, with times or without."""
    if history is None or isinstance(history, Interactions):
        return history
    if not isinstance(history, pd.DataFrame):
        raise DataError(
            f"a {type(history).__name__} is no history",
            next_step="Pass Interactions, or a table of customer_id and item_id.",
        )
    if not has_times(history):
        history = history.assign(**{c.TIME: pd.Timestamp(0)})
    return Interactions.from_frame(history)


def has_times(history: Interactions | pd.DataFrame | None) -> bool:
    """Whether a history says when things were bought."""
    if isinstance(history, pd.DataFrame):
        return any(name in history for name in _TIMES)
    return history is not None


def _with_ids(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"a {type(frame).__name__} is no table",
            table=table,
            next_step="Pass a DataFrame with customer_id and item_id.",
        )
    names = {old: new for old, new in _OTHER_NAMES.items() if old in frame and new not in frame}
    rows = frame.rename(columns=names)
    need_columns(rows, table, [c.CUSTOMER, c.ITEM])
    ids = {name: to_text(rows[name]) for name in (c.CUSTOMER, c.ITEM)}
    for name, values in ids.items():
        refuse_values(rows[name], values.isna().to_numpy(), table, "are missing", "Name them.")
    return rows.assign(**ids)


def _ranks_of_scores(lists: pd.DataFrame, table: str) -> pd.Series:
    """Rank by falling score; rows that are the same share one."""
    if c.SCORE not in lists:
        raise DataError(
            "there is neither a rank nor a score",
            table=table,
            next_step="Add rank, counted from 1 for each customer.",
        )
    score = pd.to_numeric(lists[c.SCORE], errors="coerce")
    refuse_values(lists[c.SCORE], score.isna().to_numpy(), table, "are no numbers")
    ordered = lists.assign(**{c.SCORE: score}).sort_values(
        [c.CUSTOMER, c.SCORE, c.ITEM], ascending=[True, False, True]
    )
    new = ~ordered.duplicated([c.CUSTOMER, c.ITEM, c.SCORE])
    return new.groupby(ordered[c.CUSTOMER]).cumsum().reindex(lists.index)


def _whole_ranks(values: pd.Series, table: str) -> pd.Series:
    rank = pd.to_numeric(values, errors="coerce").to_numpy(float)
    bad = ~(rank >= 1) | (rank != np.floor(rank)) | np.isinf(rank)
    refuse_values(values, bad, table, "are no whole numbers from 1 on", "Count ranks from 1.")
    return pd.Series(rank.astype(np.int64), values.index)
