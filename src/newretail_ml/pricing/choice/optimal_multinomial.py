"""Best prices under the multinomial logit: one equation in one unknown."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.choice.decision import Priced
from newretail_ml.pricing.choice.multinomial import MultinomialLogit

# exp of more than this is as good as endless and does not overflow.
LARGEST = 700.0


def multinomial_prices(
    response: MultinomialLogit, cost: np.ndarray, free: np.ndarray, _starts: int, _seed: int
) -> Priced:
    """Best prices of the free products of one market; the others keep theirs."""
    sensitivity = -response.price_coefficient[free]
    profit = _profit_of_a_customer(response, cost, free, sensitivity)
    prices = response.prices.copy()
    prices[free] = cost[free] + 1 / sensitivity + profit
    why = (
        f"Exact: every free price is its cost, plus 1 over its price coefficient, plus "
        f"{profit:.6g}, the profit of an average customer."
    )
    return Priced(prices, float(response.profit(prices, cost)), True, why)


def _profit_of_a_customer(
    response: MultinomialLogit, cost: np.ndarray, free: np.ndarray, sensitivity: np.ndarray
) -> float:
    """The root R of sum exp(v(R)) / b - R, which falls in R; fixed products add their margin."""
    from scipy.optimize import brentq

    constant = response.utility[free] - sensitivity * cost[free] - 1 - np.log(sensitivity)
    value = response.values(response.prices)[~free]
    margin = (response.prices - cost)[~free]
    top = max(0.0, float(value.max(initial=0.0)))
    fixed = np.exp(value - top)

    def excess(profit: float) -> float:
        gains = np.exp(np.minimum(constant - sensitivity * profit - top, LARGEST)).sum()
        return float(gains + fixed @ (margin - profit) - np.exp(-top) * profit)

    lowest = min(0.0, float(margin.min(initial=0.0)))
    largest = np.logaddexp.reduce(constant)
    # With R of this size the free products' terms are at most exp(-b) < R.
    highest = max(largest, 0.0) / sensitivity.min() + 1
    highest = max(highest, float(margin.max(initial=0.0)))
    if largest < 0:
        highest = max(float(np.exp(largest)), float(margin.max(initial=0.0)))
    if excess(highest) >= 0:
        return highest
    return float(brentq(excess, lowest, highest, xtol=1e-14, rtol=1e-14, maxiter=500))
