"""The within transform: what of values is left when categorical effects are taken out.

One effect is the mean of its rows. Of several, the largest is eliminated exactly and the others
are solved by conjugate gradients on the normal equations, which are as small as the effects are;
rows are touched a few times only. Correia (2016), A feasible estimator for linear models with
multi-way fixed effects, describes the normal equations as a graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import Factor, group_sums, numbered

_TOLERANCE = 1e-13
_ROUNDS = 8
_STEPS = 5_000


def absorb(
    values: np.ndarray, codes: Sequence[np.ndarray], weights: np.ndarray | None = None
) -> np.ndarray:
    """Residuals of values after a least-squares fit of the effects alone.

    Args:
        values: (n,) or (n, k) numbers.
        codes: for each effect the label of each row, (n,).
        weights: (n,) of the rows, at least zero; equal where left out.

    Returns:
        Residuals in the shape of the values.

    Raises:
        DataError: lengths differ, or values are not finite.

    >>> absorb(np.array([1.0, 3.0, 10.0, 14.0]), [np.array(["a", "a", "b", "b"])])
    array([-1.,  1., -2.,  2.])
    """
    array = as_numbers("values", values)
    if not np.isfinite(array).all():
        raise DataError("values must be finite", next_step="Leave the other rows out.")
    effects = [numbered(f"effect {number}", one) for number, one in enumerate(codes, 1)]
    if any(len(effect.codes) != len(array) or (effect.codes < 0).any() for effect in effects):
        raise DataError(
            f"every effect needs one label for each of the {len(array):,} rows",
            next_step="Pass labels of the same rows, none of them missing.",
        )
    columns = np.atleast_2d(array.T).copy()
    return transform(effects, weights).residuals(columns).T.reshape(array.shape)


class Transform(Protocol):
    """Takes effects out of rows of values."""

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """(k, n) what is left of values (k, n); may reuse their memory."""
        ...


def transform(effects: Sequence[Factor], weights: np.ndarray | None = None) -> Transform:
    """The within transform of effects, without missing codes, and weights of the rows."""
    if not effects:
        return _Nothing()
    return _One(effects[0], weights) if len(effects) == 1 else _Several(effects, weights)


class _Nothing:
    def residuals(self, values: np.ndarray) -> np.ndarray:
        return values


class _One:
    """Group means, exact in one pass."""

    def __init__(self, effect: Factor, weights: np.ndarray | None) -> None:
        self.effect, self.weights = effect, weights
        self.scale = _inverse(group_sums(effect, None, weights))

    def residuals(self, values: np.ndarray) -> np.ndarray:
        for row in values:
            row -= (group_sums(self.effect, row, self.weights) * self.scale)[self.effect.codes]
        return values


class _Several:
    """Conjugate gradients on the normal equations, the largest effect eliminated.

    With D the dummies of the largest effect, E those of the others and W the weights, the others'
    effects b solve (E'WE - E'WD (D'WD)^-1 D'WE) b = E'W (y - mean of y by the largest effect).
    """

    def __init__(self, effects: Sequence[Factor], weights: np.ndarray | None) -> None:
        from scipy import sparse

        ordered = sorted(effects, key=lambda effect: -effect.levels)
        self.weights = weights
        self.first, self.others = ordered[0], ordered[1:]
        self.scale = _inverse(group_sums(self.first, None, weights))
        self.ends = np.cumsum([effect.size for effect in self.others])[:-1]
        totals = [group_sums(effect, None, weights) for effect in self.others]
        self.precondition = _inverse(np.concatenate(totals))
        self.link = sparse.hstack(
            [_cross_table(self.first, other, weights) for other in self.others], "csr"
        )
        self.back = self.link.T.tocsr()
        blocks: list[list[Any]] = [
            [
                sparse.diags_array(totals[i]) if i == j else _cross_table(one, other, weights)
                for j, other in enumerate(self.others)
            ]
            for i, one in enumerate(self.others)
        ]
        self.among = sparse.block_array(blocks, format="csr")

    def residuals(self, values: np.ndarray) -> np.ndarray:
        goal = _TOLERANCE * np.abs(values).max(axis=1, initial=0.0)
        for _ in range(_ROUNDS):
            # Each round works on what the last one left, so rounding errors do not add up.
            worst = self._take_out(values)
            if (worst <= goal).all():
                break
        return values

    def _take_out(self, values: np.ndarray) -> np.ndarray:
        """Take the effects out of the values, in place; (k,) largest effect found."""
        sums = np.stack([group_sums(self.first, row, self.weights) for row in values], axis=1)
        other = np.stack([self._other_sums(row) for row in values], axis=1)
        goal = other - self.back @ (sums * self.scale[:, None])
        found = _conjugate_gradients(self._apply, goal, self.precondition[:, None])
        largest = (sums - self.link @ found) * self.scale[:, None]
        for row, one, rest in zip(values, largest.T, found.T, strict=True):
            row -= one[self.first.codes]
            for effect, part in zip(self.others, np.split(rest, self.ends), strict=True):
                row -= part[effect.codes]
        return np.maximum(np.abs(largest).max(axis=0), np.abs(found).max(axis=0))

    def _other_sums(self, row: np.ndarray) -> np.ndarray:
        return np.concatenate([group_sums(effect, row, self.weights) for effect in self.others])

    def _apply(self, effects: np.ndarray) -> np.ndarray:
        return self.among @ effects - self.back @ (self.scale[:, None] * (self.link @ effects))


def _conjugate_gradients(apply: Any, goal: np.ndarray, precondition: np.ndarray) -> np.ndarray:
    """(size, k) solutions of k systems with one matrix, each with its own steps."""
    found = np.zeros_like(goal)
    left = goal.copy()
    direction = precondition * left
    length = (left * direction).sum(axis=0)
    enough = length * 1e-22
    for _ in range(_STEPS):
        open_ = length > enough
        if not open_.any():
            break
        image = apply(direction)
        curve = (direction * image).sum(axis=0)
        step = np.where(open_ & (curve > 0), length / np.where(curve > 0, curve, 1.0), 0.0)
        found += step * direction
        left -= step * image
        ahead = precondition * left
        new = (left * ahead).sum(axis=0)
        direction = ahead + new / np.where(length > 0, length, 1.0) * direction
        length = np.where(step > 0, new, 0.0)
    return found


def _inverse(totals: np.ndarray) -> np.ndarray:
    return np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)


def _cross_table(one: Factor, other: Factor, weights: np.ndarray | None) -> Any:
    from scipy import sparse

    data = np.ones(len(one.codes)) if weights is None else weights
    return sparse.coo_array((data, (one.codes, other.codes)), (one.size, other.size)).tocsr()
