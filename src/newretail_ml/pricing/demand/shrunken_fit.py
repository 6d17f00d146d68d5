"""Least squares that draw each item's coefficients towards those all items share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from newretail_ml.pricing.demand.history import History

PENALTIES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
_FOLDS = 4
_STEPS = 12
_MOST_CHANGE = 4.0
# Columns that repeat others share their coefficient.
_TINY = 1e-8


@dataclass(frozen=True, eq=False)
class Moments:
    """Cross products of terms, and of terms with the target, by block of periods.

    Attributes:
        gram: (blocks, terms, terms).
        right: (blocks, terms).
        weight: (blocks,) total weight.
    """

    gram: np.ndarray
    right: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, terms: np.ndarray, target: np.ndarray, weight: np.ndarray, block: int) -> Moments:
        """Those of (periods, series, terms), each series less its weighted mean."""
        total = np.maximum(weight.sum(axis=0), 1e-300)
        centred = terms - ((terms * weight[..., None]).sum(axis=0) / total[:, None])
        moved = target - (target * weight).sum(axis=0) / total
        grams, rights, weights = [], [], []
        for begin in range(0, len(terms), block):
            part = slice(begin, begin + block)
            rows = centred[part].reshape(-1, terms.shape[-1])
            weighted = rows * weight[part].reshape(-1, 1)
            grams.append(weighted.T @ rows)
            rights.append(weighted.T @ moved[part].ravel())
            weights.append(weight[part].sum())
        return cls(np.array(grams), np.array(rights), np.array(weights))

    def around(self, start: np.ndarray) -> Moments:
        """The same with what coefficients of the first terms explain taken from the target."""
        explained = self.gram[:, :, : len(start)] @ start
        return Moments(self.gram, self.right - explained, self.weight)

    def solve(self, penalty: float, blocks: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(terms,) ridge coefficients; the penalty is in units of each term's variance."""
        weight = self.weight[blocks].sum()
        if weight <= 0:
            return np.zeros(self.right.shape[1])
        gram, right = self.gram[blocks].sum(axis=0), self.right[blocks].sum(axis=0)
        spread = np.diagonal(self.gram.sum(axis=0)) / max(self.weight.sum(), 1e-300)
        still = spread < 1e-10
        ridge = (penalty + _TINY) * weight * spread + np.where(still, weight, 0.0)
        return np.linalg.solve(gram + np.diag(ridge), np.where(still, 0.0, right))


def chosen_penalty(shared: Moments, shared_penalty: float, by_item: Sequence[Moments]) -> float:
    """The penalty by which stretches of time left out would have been predicted best.

    Each fold is an unbroken stretch of the history; what all items share is fitted without it
    too. One penalty serves all items, for a single one says too little.
    """
    n_blocks = len(shared.weight)
    edges = np.linspace(0, n_blocks, min(_FOLDS, n_blocks) + 1).astype(int)
    loss = np.zeros(len(PENALTIES))
    for begin, end in pairwise(edges):
        kept = np.ones(n_blocks, bool)
        kept[begin:end] = False
        start = shared.solve(shared_penalty, kept)
        for moments in by_item:
            beyond = moments.around(start)
            gram = beyond.gram[begin:end].sum(axis=0)
            right = beyond.right[begin:end].sum(axis=0)
            for number, penalty in enumerate(PENALTIES):
                change = beyond.solve(penalty, kept)
                loss[number] += change @ gram @ change - 2 * right @ change
    return PENALTIES[int(loss.argmin())]


def fitted(
    history: History, terms: np.ndarray, penalty: float, block: int, start: np.ndarray
) -> Moments:
    """Moments at the best coefficients: of log units, or of counts by Poisson likelihood.

    Args:
        history: units, (periods, series); those of the terms' series.
        terms: (periods, series, terms).
        penalty: ridge, in units of each term's variance.
        block: periods of a block.
        start: (shared,) coefficients of the first terms to start from and be drawn to.

    Source: iteratively reweighted least squares, McCullagh and Nelder (1989), section 2.5.
    """
    known = history.teaches
    if not history.counts:
        target = np.where(known, np.log(np.where(known, history.units, 1.0)), 0.0)
        return Moments.of(terms, target, known.astype(float), block)
    units = np.where(known, history.units, 0.0)
    mean = np.maximum(units.sum(axis=0) / np.maximum(known.sum(axis=0), 1), 1e-6)
    relative = units / mean
    coefficient = np.concatenate([start, np.zeros(terms.shape[-1] - len(start))])
    for _ in range(_STEPS):
        moments = _working(terms, relative, known, coefficient, block)
        before = coefficient
        coefficient = _drawn(moments, penalty, start)
        if np.abs(coefficient - before).max(initial=0.0) < 1e-8:
            break
    return _working(terms, relative, known, coefficient, block)


def _drawn(moments: Moments, penalty: float, start: np.ndarray) -> np.ndarray:
    change = moments.around(start).solve(penalty)
    change[: len(start)] += start
    return change


def _working(
    terms: np.ndarray,
    relative: np.ndarray,
    known: np.ndarray,
    coefficient: np.ndarray,
    block: int,
) -> Moments:
    effect = np.clip(terms @ coefficient, -_MOST_CHANGE, _MOST_CHANGE)
    expected = np.where(known, np.exp(effect), 0.0)
    level = np.log(np.maximum(relative.sum(axis=0), 1e-9) / np.maximum(expected.sum(axis=0), 1e-9))
    mean = np.exp(level + effect)
    target = level + effect + (relative - mean) / mean
    return Moments.of(terms, np.where(known, target, 0.0), np.where(known, mean, 0.0), block)
