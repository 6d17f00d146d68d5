"""What a pricing policy would have earned, from the log of another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, check_number, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.expected import means_so_far
from newretail_ml.pricing.learning.log import CheckedLog, check_log

Method = Literal["ips", "snips", "doubly_robust"]
Policy = np.ndarray | Callable[[pd.DataFrame], np.ndarray]
_ROUNDING = 1e-5


@dataclass(frozen=True)
class PolicyValue:
    """What a policy earns a decision, estimated from a log.

    Attributes:
        value: mean reward a decision.
        standard_error: of the value; it does not know of the bias by clipping.
        n_decisions: decisions in the log.
        effective_sample_size: decisions by the policy itself that would tell as much: the
            squared sum of the weights over the sum of their squares.
        mean_weight: mean of the weights before clipping; near 1 where the log covers the policy.
        largest_weight: how much one decision counts at most, before clipping.
        clipped_share: share of the decisions whose weight was cut.
        uncovered: share of the policy that the log can say nothing of, for it charges prices
            with chance 0; NaN where the log does not tell.
    """

    value: float
    standard_error: float
    n_decisions: int
    effective_sample_size: float
    mean_weight: float
    largest_weight: float
    clipped_share: float
    uncovered: float

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Lower and upper end of the interval for the value, by the normal distribution."""
        from scipy.special import ndtri

        check_number("level", level, above=0.0, at_most=1.0)
        reach = float(ndtri(0.5 + level / 2)) * self.standard_error
        return self.value - reach, self.value + reach


def off_policy_value(
    log: pd.DataFrame,
    policy: Policy,
    method: Method = "doubly_robust",
    *,
    reward: str = c.PROFIT,
    expected: np.ndarray | None = None,
    clip: float | None = None,
    cluster: str | None = None,
) -> PolicyValue:
    """Estimate what a policy would have earned a decision in place of the logged one.

    - "ips": rewards weighted by the policy's chance over the logged chance; unbiased (Horvitz and
      Thompson 1952).
    - "snips": the same, over the sum of the weights; a little bias, less variance (Swaminathan
      and Joachims 2015, The self-normalized estimator for counterfactual learning).
    - "doubly_robust": an expectation of every price's reward, corrected by the weighted errors
      that it made; unbiased with correct chances, whatever the expectation (Dudik, Langford
      and Li 2011, Doubly robust policy evaluation and learning).

    Args:
        log: decisions as `check_log` reads them.
        policy: (rows,) chance with which the policy charges the price of each row, or a function
            of the log that returns it. `charging` makes it from a price list.
        method: the estimator.
        reward: the column of what a decision brought.
        expected: (rows,) reward expected at each row's price, for "doubly_robust", by a model that
            was not fitted to the rewards of this log. By default means of the item's other
            decisions at the price, no later than the row's.
        clip: largest weight; less variance for some bias. None clips nothing.
        cluster: column whose values group decisions that share chance, such as date; the
            standard error then counts groups.

    Raises:
        DataError: as `check_log`; chances of the policy are no chances or do not sum to 1; the
            method is unknown, or needs candidates that the log does not have.

    >>> log = pd.DataFrame({"price": [2.0, 2.0, 3.0, 3.0], "propensity": 0.5,
    ...                     "profit": [4.0, 6.0, 8.0, 10.0]})
    >>> off_policy_value(log, np.array([0.0, 0.0, 1.0, 1.0]), "ips").value
    9.0
    """
    checked = check_log(log, reward)
    chance = _policy_chances(log, policy, checked)
    weight = chance[checked.chosen] / checked.propensity[checked.chosen]
    cut = weight if clip is None else np.minimum(weight, _checked_clip(clip))
    value, influence = _estimate(log, checked, chance, cut, method, expected)
    squares = float((cut**2).sum())
    return PolicyValue(
        value=value,
        standard_error=_standard_error(influence, _groups(log, checked, cluster)),
        n_decisions=checked.n_decisions,
        effective_sample_size=float(cut.sum()) ** 2 / squares if squares else 0.0,
        mean_weight=float(weight.mean()),
        largest_weight=float(weight.max()),
        clipped_share=float((cut < weight).mean()),
        uncovered=_uncovered(checked, chance),
    )


def _checked_clip(clip: float) -> float:
    check_number("clip", clip, above=0.0)
    return clip


def _policy_chances(log: pd.DataFrame, policy: Policy, checked: CheckedLog) -> np.ndarray:
    chance = as_numbers("chances of the policy", policy(log) if callable(policy) else policy)
    if chance.shape != (len(log),):
        raise DataError(
            f"chances of the policy have shape {chance.shape} for {len(log):,} rows of the log",
            next_step="Give one chance a row of the log.",
        )
    wrong = ~((chance >= 0) & (chance <= 1 + _ROUNDING))
    if wrong.any():
        raise DataError(
            f"{wrong.sum():,} chances of the policy are not between 0 and 1",
            rows=log.index[wrong],
            next_step="Give shares of 1.",
        )
    if checked.complete:
        _check_sums(log, checked, chance)
    return chance


def _check_sums(log: pd.DataFrame, checked: CheckedLog, chance: np.ndarray) -> None:
    total = np.bincount(checked.decision, weights=chance)
    wrong = np.abs(total - 1) > _ROUNDING * 10
    if wrong.any():
        raise DataError(
            f"chances of the policy do not sum to 1 for {wrong.sum():,} decisions, "
            f"the first to {total[wrong][0]:g}",
            table="log",
            rows=log.index[checked.chosen[wrong]],
            next_step="Judge a policy that charges only candidate prices of the log, or leave "
            "these decisions out.",
        )


def _estimate(
    log: pd.DataFrame,
    checked: CheckedLog,
    chance: np.ndarray,
    weight: np.ndarray,
    method: str,
    expected: np.ndarray | None,
) -> tuple[float, np.ndarray]:
    """The value, and by how much each decision moves it, over the number of decisions."""
    n = checked.n_decisions
    if method == "ips":
        return _mean(weight * checked.reward)
    if method == "snips":
        total = weight.sum()
        if not total:
            raise DataError(
                "the policy charges no price that was charged in the log",
                next_step="Only policies within the candidate prices of the log can be judged.",
            )
        value = float(weight @ checked.reward / total)
        return value, weight * (checked.reward - value) * n / total
    if method == "doubly_robust":
        return _mean(_doubly_robust(log, checked, chance, weight, expected))
    raise DataError(
        f"method is {method!r}, not one of ips, snips, doubly_robust", next_step="Choose one."
    )


def _mean(terms: np.ndarray) -> tuple[float, np.ndarray]:
    value = float(terms.mean())
    return value, terms - value


def _doubly_robust(
    log: pd.DataFrame,
    checked: CheckedLog,
    chance: np.ndarray,
    weight: np.ndarray,
    expected: np.ndarray | None,
) -> np.ndarray:
    if not checked.complete:
        raise DataError(
            "doubly robust needs a row for each price that might have been charged",
            table="log",
            column=c.CHOSEN,
            next_step='Log all candidates with a column chosen, or use method="snips".',
        )
    guess = means_so_far(log, checked) if expected is None else _expected(expected, len(log))
    direct = np.bincount(checked.decision, weights=chance * guess)
    return direct + weight * (checked.reward - guess[checked.chosen])


def _expected(expected: np.ndarray, rows: int) -> np.ndarray:
    guess = as_numbers("expected rewards", expected)
    if guess.shape != (rows,) or not np.isfinite(guess).all():
        raise DataError(
            f"expected rewards must be {rows:,} finite numbers",
            next_step="Give one a row of the log.",
        )
    return guess


def _groups(log: pd.DataFrame, checked: CheckedLog, cluster: str | None) -> np.ndarray:
    if cluster is None:
        return np.arange(checked.n_decisions)
    need_columns(log, "log", [cluster])
    labels = log[cluster]
    refuse_values(labels, labels.isna().to_numpy(), "log", "are missing")
    return pd.factorize(labels.iloc[checked.chosen])[0]


def _standard_error(influence: np.ndarray, groups: np.ndarray) -> float:
    """Of the mean, from sums over groups that are independent of one another."""
    sums = np.bincount(groups, weights=influence)
    if len(sums) < 2:
        return float("nan")
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(influence))


def _uncovered(checked: CheckedLog, chance: np.ndarray) -> float:
    if not checked.complete:
        return float("nan")
    covered = np.bincount(checked.decision, weights=chance * (checked.propensity > 0))
    return float(max(0.0, 1.0 - covered.mean()))
