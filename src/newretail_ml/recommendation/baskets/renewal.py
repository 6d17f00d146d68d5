"""Purchase cycles with an end: gaps of several stages, and a chance to stop after each purchase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.recommendation.baskets.cycles import Cycles


@dataclass(frozen=True, eq=False)
class Renewal:
    """What is expected of a cycle before anything is known of it.

    A gap between purchases is a sum of exponential stages (an Erlang gap: one stage is a purchase
    at random, more are a regular rhythm). The rate of the stages differs between cycles by a
    gamma distribution; after each purchase, the first one included, the cycle ends with a chance
    that differs between cycles by a beta distribution.

    Source: Reutterer, Platzer and Schröder (2021), "Leveraging purchase regularity for predicting
    customer behavior the easy way" (MBG/CNBD-k), here for a customer and an item; the customer
    can stop as a whole, too.

    Attributes:
        stages: stages of a gap.
        shape: of the gamma distribution of rates.
        rate: (n,) or one: its mean, stages a day.
        stop: (n,) or one: mean of the beta distribution of the chance to stop.
        weight: purchases that the beta distribution is worth.
    """

    stages: int
    shape: float
    rate: np.ndarray
    stop: np.ndarray
    weight: float

    def quiet(self, cycles: Cycles, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) chance of no purchase for so many days after the last, and mean stages passed.

        Of a cycle that did not end; the rate is averaged over what the gaps leave open.
        """
        shape = self.shape + self.stages * cycles.repeats
        open_days = self.shape / self.rate + cycles.span
        passed = days / (open_days + days)
        term = (open_days / (open_days + days)) ** shape
        chance, stage = term.copy(), np.zeros_like(term)
        for number in range(1, self.stages):
            term = term * (shape + number - 1.0) / number * passed
            chance += term
            stage += number * term
        return chance, stage / np.maximum(chance, 1e-300)

    def states(self, cycles: Cycles, active: np.ndarray) -> tuple[np.ndarray, ...]:
        """(n,) chances that all goes on, that the customer has stopped, that the cycle has ended.

        Args:
            cycles: what happened.
            active: (n,) chance that the customer still comes at all, by the visits.
        """
        goes_on = (1.0 - self.stop) * self.weight + cycles.repeats
        odds = goes_on / (self.stop * self.weight)
        on = odds * active * self.quiet(cycles, cycles.silent)[0]
        gone = odds * (1.0 - active) * self.quiet(cycles, cycles.silent_then)[0]
        total = on + gone + 1.0
        return on / total, gone / total, 1.0 / total

    def soon(self, cycles: Cycles, active: np.ndarray, days: float) -> np.ndarray:
        """(n,) chance of a purchase within so many days from the cut."""
        on = self.states(cycles, active)[0]
        now = self.quiet(cycles, cycles.silent)[0]
        later = self.quiet(cycles, cycles.silent + days)[0]
        return on * (1.0 - later / np.maximum(now, 1e-300))

    def gap(self, cycles: Cycles) -> np.ndarray:
        """(n,) days between purchases at the expected rate."""
        shape = self.shape + self.stages * cycles.repeats
        return self.stages * (self.shape / self.rate + cycles.span) / shape

    def log_likelihood(self, cycles: Cycles, active: np.ndarray) -> np.ndarray:
        """(n,) logarithm of the chance of what happened."""
        from scipy.special import betaln, gammaln

        k, r, x = self.stages, self.shape, cycles.repeats
        prior = r / self.rate
        gaps = gammaln(r + k * x) - gammaln(r) - x * gammaln(k) + (k - 1.0) * cycles.log_gaps
        gaps += r * np.log(prior) - (r + k * x) * np.log(prior + cycles.span)
        a, b = self.stop * self.weight, (1.0 - self.stop) * self.weight
        quiet = active * self.quiet(cycles, cycles.silent)[0]
        quiet += (1.0 - active) * self.quiet(cycles, cycles.silent_then)[0]
        ended = betaln(a + 1.0, b + x) - betaln(a, b)
        return np.asarray(gaps + ended + np.log1p((b + x) / a * quiet))
