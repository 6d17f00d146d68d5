"""Purchase cycles learned from data: the chain's, then each item's and each customer's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.recommendation.baskets.cycles import Cycles
from newretail_ml.recommendation.baskets.renewal import Renewal

# Cycles that the chain's distributions are fitted to: more change the third digit.
_SAMPLE = 8_000
_MOST_STAGES = 4
_ROUNDS = 3
# Weak priors of the chain's parameters, for histories of a few orders: mean and spread of the
# logarithms of days between purchases, shape and weight, and of the log odds to stop.
_MEAN = np.array([np.log(30.0), np.log(2.0), 0.0, np.log(4.0)])
_SPREAD = np.array([2.0, 1.0, 2.0, 1.0])
# Stages that the usual pace is worth in the pace of an item or a customer. Likelihoods of the
# counts would have it near 1, and then what happens next is predicted too boldly.
_PACE_WEIGHT = 64.0
_STRENGTHS = 2.0 ** np.arange(-1, 11)


@dataclass(frozen=True, eq=False)
class Learned:
    """What is known of cycles in general and of items.

    Attributes:
        chain: what is expected of any cycle.
        pace: (items,) rate of each item's cycles over the chain's.
        stop: (items,) mean chance to stop after a purchase.
    """

    chain: Renewal
    pace: np.ndarray
    stop: np.ndarray

    def of(self, cycles: Cycles, customer_pace: np.ndarray) -> Renewal:
        """What is expected of some cycles."""
        pace = self.pace[cycles.item] * customer_pace[cycles.customer]
        stop = self.stop[cycles.item]
        return replace(self.chain, rate=self.chain.rate * pace, stop=stop)

    def customer_pace(self, cycles: Cycles, active: np.ndarray, n_customers: int) -> np.ndarray:
        """(customers,) rate of each customer's cycles over what the items let expect."""
        pace = np.ones(n_customers)
        for _ in range(_ROUNDS):
            found, expected = _stages(self.of(cycles, pace), cycles, active)
            count, due = _sums(
                cycles.customer, found, expected / pace[cycles.customer], n_customers
            )
            pace = (_PACE_WEIGHT + count) / (_PACE_WEIGHT + due)
        return pace


def fit_chain(cycles: Cycles, active: np.ndarray) -> Renewal:
    """The distributions of all cycles by maximum likelihood with weak priors."""
    some = _some(len(cycles.item))
    cycles, active = cycles.only(some), active[some]
    fits, start = [], _MEAN
    for stages in range(1, _MOST_STAGES + 1):
        cost, start = _fitted(cycles, active, _Form(stages), start)
        fits.append((cost, stages, start))
    _, stages, best = min(fits, key=lambda fit: (fit[0], fit[1]))
    return _Form(stages).renewal(best)


def fit_items(cycles: Cycles, active: np.ndarray, shape: tuple[int, int]) -> Learned:
    """Cycles of items, shrunken towards the chain's as far as items are alike (empirical Bayes).

    Args:
        cycles: of customers and items.
        active: (n,) chance that the customer still comes.
        shape: customers and items.
    """
    chain = fit_chain(cycles, active)
    stop = np.full(shape[1], float(chain.stop))
    learned = Learned(chain, np.ones(shape[1]), stop)
    for _ in range(_ROUNDS):
        pace = learned.customer_pace(cycles, active, shape[0])
        learned = _with_items(learned, cycles, active, pace)
        learned = _with_chain(learned, cycles, active, pace)
    return learned


def _with_items(
    learned: Learned, cycles: Cycles, active: np.ndarray, customer_pace: np.ndarray
) -> Learned:
    """Pace and end of each item anew."""
    n_items = len(learned.pace)
    renewal = learned.of(cycles, customer_pace)
    found, expected = _stages(renewal, cycles, active)
    count, due = _sums(cycles.item, found, expected / learned.pace[cycles.item], n_items)
    pace = (_PACE_WEIGHT + count) / (_PACE_WEIGHT + due)
    stop = _stop_shares(cycles, renewal.states(cycles, active)[2], n_items)
    return replace(learned, pace=pace, stop=stop)


def _with_chain(
    learned: Learned, cycles: Cycles, active: np.ndarray, customer_pace: np.ndarray
) -> Learned:
    """How much cycles differ that are of one item and of customers of one pace."""
    some = _some(len(cycles.item))
    part, chain = cycles.only(some), learned.chain
    of_item, logit = _logit(learned.stop), _logit(chain.stop)
    pace = learned.pace[part.item] * customer_pace[part.customer]
    form = _Form(chain.stages, pace, of_item[part.item] - logit)
    start = np.array(
        [np.log(chain.stages / chain.rate), np.log(chain.shape), logit, np.log(chain.weight)]
    )
    _, best = _fitted(part, active[some], form, start)
    alike = _Form(chain.stages).renewal(best)
    return replace(learned, chain=alike, stop=_share(of_item - logit + best[2]))


@dataclass(frozen=True, eq=False)
class _Form:
    """Parameters as numbers without bounds.

    Attributes:
        stages: stages of a gap.
        pace: rate of cycles over the chain's.
        odds: log odds to stop of cycles, less the chain's.
    """

    stages: int
    pace: np.ndarray | float = 1.0
    odds: np.ndarray | float = 0.0

    def renewal(self, parameters: np.ndarray) -> Renewal:
        gap, shape, stop, weight = parameters
        rate = np.asarray(self.stages * np.exp(-gap) * self.pace)
        share = _share(stop + self.odds)
        return Renewal(self.stages, float(np.exp(shape)), rate, share, float(np.exp(weight)))


def _fitted(
    cycles: Cycles, active: np.ndarray, form: _Form, start: np.ndarray
) -> tuple[float, np.ndarray]:
    """The least cost, and where it is."""
    from scipy.optimize import minimize

    scale = max(len(cycles.item), 1)

    def cost(parameters: np.ndarray) -> float:
        likelihood = form.renewal(parameters).log_likelihood(cycles, active).sum()
        prior = ((parameters - _MEAN) ** 2 / _SPREAD**2).sum() / 2.0
        return float(prior - likelihood) / scale

    bounds = [(m - 5.0 * s, m + 5.0 * s) for m, s in zip(_MEAN, _SPREAD, strict=True)]
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds)
    return round(float(found.fun) * scale, 6), found.x


def _some(n: int) -> np.ndarray:
    """Positions of a sample, evenly over customers from the most active on."""
    return np.unique(np.linspace(0, n - 1, _SAMPLE).astype(int))


def _logit(share: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(share / (1.0 - share)))


def _share(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def _stages(renewal: Renewal, cycles: Cycles, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) stages that passed and that were expected at the mean rate while the cycle went on.

    Both weighted: cycles differ, so that a long one says less than its length.
    """
    on, gone, _ = renewal.states(cycles, active)
    passed = renewal.quiet(cycles, cycles.silent)[1]
    passed_then = renewal.quiet(cycles, cycles.silent_then)[1]
    found = renewal.stages * cycles.repeats + on * passed + gone * passed_then
    lasted = cycles.span + on * cycles.silent + gone * cycles.silent_then
    expected = renewal.rate * lasted
    weight = renewal.shape / (renewal.shape + expected)
    return weight * found, weight * expected


def _sums(
    owner: np.ndarray, found: np.ndarray, expected: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    return np.bincount(owner, found, minlength=n), np.bincount(owner, expected, minlength=n)


def _stop_shares(cycles: Cycles, ended: np.ndarray, n_items: int) -> np.ndarray:
    """(items,) chance to stop after a purchase: beta-binomial, spread by likelihood."""
    from scipy.special import betaln

    ends = np.bincount(cycles.item, ended, minlength=n_items)
    chances = np.bincount(cycles.item, cycles.repeats + 1.0, minlength=n_items)
    mean = ends.sum() / chances.sum()
    a, b = _STRENGTHS[:, None] * mean, _STRENGTHS[:, None] * (1.0 - mean)
    fit = betaln(a + ends, b + chances - ends) - betaln(a, b)
    weight = _STRENGTHS[np.argmax(fit.sum(axis=1).round(6))]
    return np.asarray((weight * mean + ends) / (weight + chances))
