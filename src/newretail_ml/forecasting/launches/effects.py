"""Levels of demand from attributes: each value of each attribute shrunk towards no effect.

Units of a series are overdispersed counts around exposure x level, and levels scatter around the
product of what attributes say. Effects are random, so that a value seen once moves little and one
never seen not at all; a subcategory falls back to its category, and everything to the chain.

Source: Ohlsson (2008), "Combining generalized linear models and credibility models in practice",
Scandinavian Actuarial Journal 2008, 301-314, which alternates the effects as here; the weights
are those of Buehlmann and Straub's credibility (1970). The variance of each attribute's effects
is estimated by expectation and maximisation (Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml.forecasting.launches.attributes import Attributes

_SWEEPS = 30
_LONGEST_STEP = 0.5  # in log units: Newton's steps overshoot where one item outsells its group
_FIRST_VARIANCE = 0.25
_PRIOR_VALUES = 2  # so many imagined values of variance .1 steady the variance of few
_PRIOR_VARIANCE = 0.1


@dataclass(frozen=True)
class Evidence:
    """What each series sold.

    Attributes:
        units: (series,) units where demand is known.
        exposure: (series,) periods in which they were sold, each counted by how busy it was.
        dispersion: (series,) variance of units over their mean.
        spread: squared coefficient of variation of levels around what attributes say.
    """

    units: np.ndarray
    exposure: np.ndarray
    dispersion: np.ndarray
    spread: float

    def select(self, series: np.ndarray) -> Evidence:
        """That of some series."""
        return Evidence(
            self.units[series], self.exposure[series], self.dispersion[series], self.spread
        )


@dataclass(frozen=True)
class Scaling:
    """How values of a number become comparable: decided by a fit, kept for all later values.

    Prices and pack sizes act by their ratios, so that what is positive throughout counts by its
    logarithm. A later value that has none says nothing, like one that is not known.

    Attributes:
        by_ratio: by logarithms.
        mean: of the values, or of their logarithms.
        deviation: theirs.
    """

    by_ratio: bool
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: np.ndarray) -> Scaling:
        """From (series,) values, NaN where not known; a deviation of 0 if they do not differ."""
        known = values[~np.isnan(values)]
        if not known.size:
            return cls(False, 0.0, 0.0)
        by_ratio = bool((known > 0).all())
        known = np.log(known) if by_ratio else known
        return cls(by_ratio, float(known.mean()), float(known.std()))

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Deviations from the mean, three at most, so that no effect is carried far."""
        if self.by_ratio:
            values = np.log(np.where(values > 0, values, np.nan))
        return np.nan_to_num(np.clip((values - self.mean) / self.deviation, -3.0, 3.0))


@dataclass
class Effects:
    """Log levels by attribute.

    Attributes:
        base: log level of the chain.
        of_label: attribute -> effect of each of its values.
        variance: attribute -> variance of the effects of its values.
        of_number: attribute -> its scaling, and the effect of one deviation.
    """

    base: float = 0.0
    of_label: dict[str, pd.Series] = field(default_factory=dict)
    variance: dict[str, float] = field(default_factory=dict)
    of_number: dict[str, tuple[Scaling, float]] = field(default_factory=dict)

    @classmethod
    def fit(cls, attributes: Attributes, evidence: Evidence) -> Effects:
        """Effects that say best what was sold; none where nothing was."""
        if evidence.units.sum() <= 0:
            return cls(base=-np.inf)
        start = np.log(evidence.units.sum() / evidence.exposure.sum())
        terms = [*_label_terms(attributes), *_number_terms(attributes)]
        log_level = np.full(len(evidence.units), start)
        for _ in range(_SWEEPS):
            start += _step(np.ones_like(log_level), log_level, evidence)
            for term in terms:
                term.improve(log_level, evidence)
        of_label = {term.name: pd.Series(term.effects, term.names) for term in terms if term.names}
        of_number = {
            term.name: (term.scaling, float(term.effects[0]))
            for term in terms
            if term.scaling is not None
        }
        variance = {term.name: term.variance for term in terms if term.names}
        return cls(float(start), of_label, variance, of_number)

    def level(self, attributes: Attributes) -> np.ndarray:
        """(series,) expected units a period; what is not known of a series says nothing."""
        log_level = self.base + self.doubt(attributes) / 2  # the mean of a lognormal effect
        for name, effects in self.of_label.items():
            if name in attributes.labels:
                log_level += attributes.labels[name].map(effects).fillna(0.0).to_numpy(float)
        for name, (scaling, effect) in self.of_number.items():
            if name in attributes.numbers:
                log_level += effect * scaling.scaled(attributes.numbers[name])
        return np.exp(log_level)

    def doubt(self, attributes: Attributes) -> np.ndarray:
        """(series,) variance of log levels by values that the fit has not seen."""
        doubt = np.zeros(attributes.n_series)
        for name, effects in self.of_label.items():
            if name in attributes.labels:
                unseen = ~attributes.labels[name].isin(effects.index).to_numpy()
                doubt += np.where(unseen, self.variance[name], 0.0)
            else:
                doubt += self.variance[name]
        return doubt


@dataclass
class _Term:
    """One attribute in the making: ``code`` -1 where not known, ``names`` none for a number."""

    name: str
    code: np.ndarray
    weight: np.ndarray
    effects: np.ndarray
    names: list[str] = field(default_factory=list)
    scaling: Scaling | None = None
    variance: float = _FIRST_VARIANCE

    def improve(self, log_level: np.ndarray, evidence: Evidence) -> None:
        """One step of the effects and of their variance; adds them to the levels."""
        slope, curvature = _score(log_level, evidence)
        known = self.code >= 0
        code, weight, n = self.code[known], self.weight[known], len(self.effects)
        slope = np.bincount(code, (weight * slope[known]), n) - self.effects / self.variance
        curvature = np.bincount(code, weight**2 * curvature[known], n) + 1 / self.variance
        step = np.clip(slope / curvature, -_LONGEST_STEP, _LONGEST_STEP)
        self.effects += step
        log_level[known] += weight * step[code]
        squares = (self.effects**2 + 1 / curvature).sum() + _PRIOR_VALUES * _PRIOR_VARIANCE
        self.variance = float(squares / (n + _PRIOR_VALUES))


def _step(weight: np.ndarray, log_level: np.ndarray, evidence: Evidence) -> float:
    """Moves all levels by the best common step, and returns it."""
    slope, curvature = _score(log_level, evidence)
    step = float(np.clip(slope.sum() / curvature.sum(), -_LONGEST_STEP, _LONGEST_STEP))
    log_level += step * weight
    return step


def _score(log_level: np.ndarray, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """First and (expected, negative) second derivatives of the quasi-likelihood, (series,)."""
    mean = np.exp(log_level) * evidence.exposure
    variance_over_mean = evidence.dispersion + evidence.spread * mean
    return (evidence.units - mean) / variance_over_mean, mean / variance_over_mean


def _label_terms(attributes: Attributes) -> list[_Term]:
    """Attributes that group the series: neither all alike nor all different."""
    terms = []
    for name, values in attributes.labels.items():
        code, found = pd.factorize(values, sort=True)
        if 1 < len(found) < (code >= 0).sum():
            ones = np.ones(len(code))
            terms.append(_Term(name, code, ones, np.zeros(len(found)), [str(v) for v in found]))
    return terms


def _number_terms(attributes: Attributes) -> list[_Term]:
    terms = []
    for name, values in attributes.numbers.items():
        scaling = Scaling.of(values)
        if scaling.deviation > 0:
            zeros = np.zeros(len(values), dtype=np.intp)
            terms.append(_Term(name, zeros, scaling.scaled(values), np.zeros(1), [], scaling))
    return terms
