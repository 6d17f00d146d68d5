"""Negative binomial regression with levels that wander: coefficients by item, and their errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.pricing.demand.local_level.days import SharedDays
from newretail_ml.pricing.demand.local_level.design import Design
from newretail_ml.pricing.demand.local_level.noise import Noise, noise_of
from newretail_ml.pricing.demand.local_level.sold_out import wanted_when_sold_out
from newretail_ml.pricing.demand.local_level.tridiagonal import smoothed

_ROUNDS, _SETTLED = 40, 0.02
_NOISE_ROUNDS = (2, 4, 6)
_RIDGE = 1e-3
_BLOCK = 28
_CHUNK = 1_000
_NOTHING = 1e-9
_LOG_RANGE = (-14.0, 16.0)


@dataclass(frozen=True, eq=False)
class LevelFit:
    """What was learned, item by item and series by series.

    Attributes:
        coefficients: (items, k) of the causes.
        information: (items, k, k) inverse covariance of the coefficients.
        base: (series,) log mean at current prices.
        level: (series, periods) log level around it.
        level_error: (series,) standard error of the last level with the base.
        days: log factors of periods.
        noise: scatter.
    """

    coefficients: np.ndarray
    information: np.ndarray
    base: np.ndarray
    level: np.ndarray
    level_error: np.ndarray
    days: SharedDays
    noise: Noise


@dataclass(frozen=True, eq=False)
class _State:
    """Where a fit stands; `moved` is the largest last move, in standard errors."""

    coefficients: np.ndarray
    base: np.ndarray
    level: np.ndarray
    moved: float = np.inf

    def fixed(self, design: Design) -> np.ndarray:
        """(series, periods) log mean by causes and base, without days and level."""
        effect = np.einsum("stk,sk->st", design.causes, self.coefficients[design.items])
        return self.base[:, None] + effect


def fit_levels(design: Design, daily: bool, first: np.ndarray) -> LevelFit:
    """Coefficients by penalised scoring, with days and noise learned by turns.

    Each turn takes the expected demand of days that sold out for their demand (Dempster, Laird
    and Rubin 1977), weighs periods as the negative binomial does, and takes the smoothed level
    out of demand and causes alike, which is generalised least squares with an autoregressive
    error (Breslow and Clayton 1993, penalised quasi-likelihood). Errors count a sold-out day as
    the part of an observation that it is, and are scaled by what scores of blocks of four weeks
    scatter beyond what the model expects.

    Args:
        design: the panel's arrays.
        daily: whether periods are days.
        first: (k,) coefficients to begin with.
    """
    n_items, n_series = len(design.labels), len(design.units)
    days = SharedDays(design.groups, design.kinds, design.units.shape[1], daily=daily)
    mean = design.units.sum(axis=1) / np.maximum(design.known.sum(axis=1), 1)
    state = _State(
        np.tile(first, (n_items, 1)),
        np.log(np.maximum(mean, 1e-2)),
        np.zeros_like(design.units),
    )
    noise = Noise()
    for turn in range(_ROUNDS):
        state = _step(design, days, noise, _step(design, days, noise, state))
        _update_days(design, days, noise, state)
        if turn in _NOISE_ROUNDS:
            noise = _learned_noise(design, days, noise, state)
        if turn > max(_NOISE_ROUNDS) and state.moved < _SETTLED:
            break
    information, error = _information(design, days, noise, state)
    return LevelFit(
        state.coefficients,
        information,
        state.base,
        state.level,
        error.reshape(n_series),
        days,
        noise,
    )


def _wanted(design: Design, noise: Noise, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(series, periods) demand, expected where it sold out, and the share of information left."""
    wanted, left = design.units.copy(), np.ones_like(design.units)
    out = design.sold_out
    if out.any():
        wanted[out], left[out] = wanted_when_sold_out(
            design.units[out], mean[out], noise.dispersion
        )
    return wanted, left


def _mean(design: Design, days: SharedDays, state: _State) -> np.ndarray:
    log = state.fixed(design) + days.log + state.level
    return np.exp(np.clip(log, *_LOG_RANGE))


def _step(design: Design, days: SharedDays, noise: Noise, state: _State) -> _State:
    mean = _mean(design, days, state)
    wanted, _ = _wanted(design, noise, mean)
    weight = design.known * mean / (1 + mean / noise.dispersion)
    surprise = np.where(design.known, (wanted - mean) / mean, 0.0) + state.level
    columns = _columns(design, surprise)
    gram = _gram(columns, weight, noise)
    inner = _without_base(gram)
    left, right = _by_item(design, inner[:, 1:-1, 1:-1]), _by_item(design, inner[:, 1:-1, :1])
    ridge = _RIDGE * np.eye(left.shape[1])
    move = np.clip(np.linalg.solve(left + ridge, right)[:, :, 0], -1.0, 1.0)
    mine = move[design.items]
    scale = np.maximum(gram[:, -1, -1], 1e-9)
    shift = (gram[:, 0, -1] - np.einsum("sk,sk->s", gram[:, 1:-1, -1], mine)) / scale
    shift = np.clip(shift, -1.0, 1.0)
    rest = surprise - np.einsum("stk,sk->st", design.causes, mine) - shift[:, None]
    level = smoothed(weight, noise.persistence, noise.spread, (weight * rest)[:, :, None])[:, :, 0]
    moved = np.sqrt(np.einsum("nkk->nk", left)) * np.abs(move)
    return _State(
        state.coefficients + move,
        state.base + shift,
        np.clip(level, -4.0, 4.0),
        float(moved.max(initial=0.0)),
    )


def _columns(design: Design, surprise: np.ndarray) -> np.ndarray:
    """(series, periods, 1 + k + 1) surprise, causes, and ones for the base."""
    ones = np.ones((*surprise.shape, 1))
    return np.concatenate([surprise[:, :, None], design.causes, ones], axis=2)


def _gram(columns: np.ndarray, weight: np.ndarray, noise: Noise) -> np.ndarray:
    """(series, m, m) products of columns after the level is taken out."""
    weighted = weight[:, :, None] * columns
    level = smoothed(weight, noise.persistence, noise.spread, weighted)
    return np.einsum("stk,stm->skm", columns, weighted - weight[:, :, None] * level)


def _without_base(gram: np.ndarray) -> np.ndarray:
    """The products after the base of each series is taken out too."""
    scale = np.maximum(gram[:, -1:, -1:], 1e-9)
    return gram - gram[:, :, -1:] * gram[:, -1:, :] / scale


def _by_item(design: Design, values: np.ndarray) -> np.ndarray:
    total = np.zeros((len(design.labels), *values.shape[1:]))
    np.add.at(total, design.items, values)
    return total


def _update_days(design: Design, days: SharedDays, noise: Noise, state: _State) -> None:
    mean = _mean(design, days, state)
    wanted, _ = _wanted(design, noise, mean)
    certainty = design.known / (1 + mean / noise.dispersion)
    days.update(certainty * wanted, certainty * mean)


def _learned_noise(design: Design, days: SharedDays, noise: Noise, state: _State) -> Noise:
    """Noise from residuals, with what is not known of sold-out periods."""
    mean = _mean(design, days, state)
    wanted, left = _wanted(design, noise, mean)
    doubt = (1 - left) * (mean + mean**2 / noise.dispersion)
    without_level = _mean(design, days, replace(state, level=np.zeros_like(state.level)))
    return noise_of(wanted, without_level, design.known, doubt)


def _information(
    design: Design, days: SharedDays, noise: Noise, state: _State
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse covariances of the coefficients, and errors of the last levels."""
    mean = _mean(design, days, state)
    wanted, left = _wanted(design, noise, mean)
    weight = design.known * left * mean / (1 + mean / noise.dispersion)
    surprise = np.where(design.known, (wanted - mean) / mean, 0.0) + state.level
    columns = _columns(design, surprise)
    inner = _by_item(design, _told(columns, weight, noise, days))
    last = np.zeros((*weight.shape, 1))
    last[:, -1] = 1.0
    variance = smoothed(weight, noise.persistence, noise.spread, last)[:, -1, 0]
    return inner / _excess(design, columns, weight, noise, inner), np.sqrt(variance)


def _told(columns: np.ndarray, weight: np.ndarray, noise: Noise, days: SharedDays) -> np.ndarray:
    """(series, k, k) products of the causes after all else that moves with them is taken out.

    That is level and base, weekdays, and what prices do on the same days in all series: where a
    price moved with these alone, the data does not tell its effect from theirs.
    """
    k = columns.shape[2] - 2
    told = np.zeros((len(columns), k, k))
    together = days.together(columns[:, :, 1], weight)
    for first in range(0, len(columns), _CHUNK):
        some = slice(first, first + _CHUNK)
        shape = (*weight[some].shape, days.weekdays.shape[1])
        beside = [np.broadcast_to(days.weekdays, shape), together[some, :, None]]
        gram = _gram(np.concatenate([columns[some, :, 1:], *beside], axis=2), weight[some], noise)
        rest = gram[:, k:, k:] + _NOTHING * np.eye(gram.shape[1] - k)
        cross = gram[:, :k, k:]
        told[some] = gram[:, :k, :k] - cross @ np.linalg.solve(rest, np.swapaxes(cross, 1, 2))
    return told


def _excess(
    design: Design, columns: np.ndarray, weight: np.ndarray, noise: Noise, inner: np.ndarray
) -> float:
    """Scatter of the scores of blocks of four weeks over what the model expects, 1 or more."""
    own = columns[:, :, 1:2]
    both = np.concatenate([columns[:, :, :1], own, columns[:, :, -1:]], axis=2)
    level = smoothed(weight, noise.persistence, noise.spread, weight[:, :, None] * both)
    rest = weight[:, :, None] * (both - level)
    gram = np.einsum("stk,stm->skm", both, rest)
    scale = np.maximum(gram[:, -1, -1], 1e-9)
    surprise = both[:, :, 0] - (gram[:, 0, -1] / scale)[:, None]
    score = (rest[:, :, 1] - (gram[:, 1, -1] / scale)[:, None] * rest[:, :, 2]) * surprise
    blocks = np.add.reduceat(score, np.arange(0, score.shape[1], _BLOCK), axis=1)
    found = _by_item(design, blocks)
    told = inner[:, 0, 0]
    some = told > 0.5
    if some.sum() < 5:
        return 1.0
    return max(float(np.mean((found[some] ** 2).sum(axis=1) / told[some])), 1.0)
