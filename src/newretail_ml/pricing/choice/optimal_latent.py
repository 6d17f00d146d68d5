"""Good prices under latent classes: a local search from several starts, and a bound."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.choice.decision import Priced
from newretail_ml.pricing.choice.latent import LatentClassLogit
from newretail_ml.pricing.choice.multinomial import MultinomialLogit
from newretail_ml.pricing.choice.optimal_multinomial import multinomial_prices


def latent_prices(
    response: LatentClassLogit, cost: np.ndarray, free: np.ndarray, starts: int, seed: int
) -> Priced:
    """Good prices of the free products of one market; the others keep theirs."""
    alone = [_alone(response, number, cost, free) for number in range(len(response.weights))]
    most_each = float(response.weights @ [one.bound for one in alone])
    bound = most_each * response.market_size[0]
    lowest = np.maximum(np.minimum(cost, response.prices), 1e-9)
    highest = np.maximum(_highest(response, cost, [one.bound for one in alone]), lowest)
    rng = np.random.default_rng(seed)
    best, most = response.prices.copy(), -np.inf
    begins = [response.prices, *(one.prices for one in alone)]
    begins += [rng.uniform(lowest, highest) for _ in range(starts)]
    for begin in begins:
        found = _climbed(response, cost, free, begin, (lowest, highest), most_each)
        profit = float(response.profit(found, cost))
        if profit > most:
            best, most = found, profit
    if len(alone) == 1:
        return Priced(best, most, True, alone[0].why)
    why = (
        f"Heuristic: the best of {len(begins)} local searches; the bound lets each of "
        f"{len(alone)} classes have prices of its own."
    )
    return Priced(best, max(bound, most), False, why)


def _alone(response: LatentClassLogit, number: int, cost: np.ndarray, free: np.ndarray) -> Priced:
    """Best prices if all customers were of one class; the bound is a customer's profit."""
    utility, coefficient = response.utility[number], response.price_coefficient[number]
    one = MultinomialLogit(utility, coefficient, response.prices)
    return multinomial_prices(one, cost, free, 0, 0)


def _highest(response: LatentClassLogit, cost: np.ndarray, profits: list[float]) -> np.ndarray:
    """(n,) above these prices the profit of every class falls in the price."""
    sensitivity = np.maximum(-response.price_coefficient, 1e-12)
    return cost + (1 / sensitivity + np.array(profits)[:, None]).max(axis=0)


def _climbed(
    response: LatentClassLogit,
    cost: np.ndarray,
    free: np.ndarray,
    begin: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    scale: float,
) -> np.ndarray:
    from scipy.optimize import minimize

    prices = response.prices.copy()
    # The search stops by absolute slopes: profits are measured in the most there can be.
    weights = response.weights / (abs(scale) or 1.0)

    def loss(chosen: np.ndarray) -> tuple[float, np.ndarray]:
        prices[free] = chosen
        share, margin = response.class_shares(prices), prices - cost
        profit = share @ margin
        slope = share * (1 + response.price_coefficient * (margin - profit[:, None]))
        return -float(weights @ profit), -(weights @ slope)[free]

    limits = list(zip(bounds[0][free], bounds[1][free], strict=True))
    start = np.clip(begin, *bounds)[free]
    found = minimize(
        loss,
        start,
        jac=True,
        bounds=limits,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9},
    )
    prices[free] = found.x
    return prices
