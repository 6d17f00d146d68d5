"""The log of priced decisions: what was charged, and with what chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError

DECISION_KEYS = (c.DATE, c.ITEM, c.LOCATION, c.CHANNEL)
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class CheckedLog:
    """A log as arrays.

    Attributes:
        decision: (rows,) number of the decision that each row belongs to.
        chosen: (decisions,) row of the price that was charged.
        propensity: (rows,) chance with which the price was charged.
        reward: (decisions,) what came of it.
        complete: whether the log has a row for each price that might have been charged.
    """

    decision: np.ndarray
    chosen: np.ndarray
    propensity: np.ndarray
    reward: np.ndarray
    complete: bool

    @property
    def n_decisions(self) -> int:
        """How many decisions there are."""
        return len(self.chosen)


def check_log(log: pd.DataFrame, reward: str = c.PROFIT) -> CheckedLog:
    """Read a log of decisions, or say what of it cannot be used.

    Args:
        log: one row per decision and candidate price, of the columns `propensity` (the chance
            with which that price was charged), `chosen` (True for the price that was charged),
            `price`, the reward (of the price that was charged; empty for the others), and those
            of date, item_id, location_id and channel that there are. Without a column `chosen`
            each row is a decision of its own, and prices that were not charged are unknown.
        reward: the column of what a decision brought.

    Raises:
        DataError: a column is missing, a chance is missing, zero for the price that was
            charged, or outside 0 to 1, chances of a decision do not sum to 1, a decision has no
            price that was charged or several, or a reward is missing.
    """
    if not isinstance(log, pd.DataFrame) or log.empty:
        raise DataError(
            "the log has no rows", table="log", next_step="Pass a DataFrame of decisions."
        )
    need_columns(log, "log", [c.PRICE, c.PROPENSITY, reward])
    complete = c.CHOSEN in log
    decision = _decisions(log) if complete else np.arange(len(log))
    chosen = _chosen_rows(log, decision) if complete else np.arange(len(log))
    propensity = _propensities(log, chosen)
    if complete:
        _check_sums(log, decision, propensity)
    return CheckedLog(decision, chosen, propensity, _rewards(log, reward, chosen), complete)


def charging(log: pd.DataFrame, prices: pd.DataFrame) -> np.ndarray:
    """(rows,) chances of a policy that charges the prices of a list, for `off_policy_value`.

    Args:
        log: decisions.
        prices: one price for each of the keys that it has, such as item_id and location_id.

    Raises:
        DataError: a column is missing, a key is repeated, or a decision has no price.

    >>> log = pd.DataFrame({"item_id": ["a", "a"], "price": [2.0, 3.0]})
    >>> charging(log, pd.DataFrame({"item_id": ["a"], "price": [3.0]})).tolist()
    [0.0, 1.0]
    """
    need_columns(prices, "prices", [c.PRICE])
    keys = [name for name in prices.columns if name != c.PRICE]
    need_columns(log, "log", [*keys, c.PRICE])
    if not keys or prices.duplicated(keys).any():
        raise DataError(
            "the list needs keys, and one price for each",
            table="prices",
            next_step="Give columns such as item_id and price, one row a key.",
        )
    wanted = log[keys].merge(prices, on=keys, how="left")[c.PRICE].to_numpy(float)
    refuse_values(log[keys[0]], np.isnan(wanted), "log", "have no price in the list", "Add it.")
    return np.isclose(log[c.PRICE].to_numpy(float), wanted).astype(float)


def _decisions(log: pd.DataFrame) -> np.ndarray:
    keys = [key for key in DECISION_KEYS if key in log]
    if not keys:
        raise DataError(
            "nothing tells which rows belong to one decision",
            table="log",
            next_step=f"Add columns such as {c.DATE}, {c.ITEM} and {c.LOCATION}.",
        )
    for key in keys:
        refuse_values(log[key], log[key].isna().to_numpy(), "log", "are missing")
    refuse_repeated(
        log, "log", [*keys, c.PRICE], "Keep one row for each decision and candidate price."
    )
    return log.groupby(keys, sort=False).ngroup().to_numpy()


def _chosen_rows(log: pd.DataFrame, decision: np.ndarray) -> np.ndarray:
    marked = log[c.CHOSEN]
    refuse_values(marked, ~marked.isin([True, False]).to_numpy(), "log", "are not True or False")
    rows = np.flatnonzero(marked.to_numpy(bool))
    count = np.bincount(decision[rows], minlength=decision.max() + 1)
    wrong = count[decision] != 1
    if wrong.any():
        raise DataError(
            f"{(count != 1).sum():,} decisions have no price that was charged, or several",
            table="log",
            column=c.CHOSEN,
            rows=log.index[wrong],
            next_step="Mark exactly one price of each decision.",
        )
    return rows[np.argsort(decision[rows])]


def _propensities(log: pd.DataFrame, chosen: np.ndarray) -> np.ndarray:
    values = pd.to_numeric(log[c.PROPENSITY], errors="coerce")
    chance = values.to_numpy(float)
    column = log[c.PROPENSITY]
    refuse_values(
        column,
        ~np.isfinite(chance),
        "log",
        "are missing or not numbers",
        "Log the chance of each price when it is drawn; it cannot be found afterwards.",
    )
    refuse_values(
        column,
        (chance < 0) | (chance > 1 + _ROUNDING),
        "log",
        "are not chances between 0 and 1",
        "Log chances as shares of 1, not as percent.",
    )
    impossible = np.zeros(len(log), bool)
    impossible[chosen] = chance[chosen] == 0
    refuse_values(
        column,
        impossible,
        "log",
        "are 0 although the price was charged",
        "Log the chance with which the price was drawn; leave decisions by hand out.",
    )
    return chance


def _check_sums(log: pd.DataFrame, decision: np.ndarray, propensity: np.ndarray) -> None:
    total = np.bincount(decision, weights=propensity)
    wrong = np.abs(total - 1) > _ROUNDING * 10
    if wrong.any():
        raise DataError(
            f"the chances of {wrong.sum():,} decisions do not sum to 1, "
            f"the first to {total[wrong][0]:g}",
            table="log",
            column=c.PROPENSITY,
            rows=log.index[wrong[decision]],
            next_step="Log every price that might have been charged.",
        )


def _rewards(log: pd.DataFrame, reward: str, chosen: np.ndarray) -> np.ndarray:
    values = pd.to_numeric(log[reward], errors="coerce").to_numpy(float)
    unknown = np.zeros(len(log), bool)
    unknown[chosen] = ~np.isfinite(values[chosen])
    refuse_values(
        log[reward],
        unknown,
        "log",
        "of prices that were charged are missing or not numbers",
        "Leave decisions whose outcome is not known yet out.",
    )
    return values[chosen]
