"""The within transform: what of values is left when categorical effects are taken out.

One effect is the mean of its rows. Of several, the largest is eliminated exactly and the others
are solved by their normal equations, which are as small as the effects are, at once where they
are few and by conjugate gradients where they are many; rows are touched a few times only. Correia
(2016), A feasible estimator for linear models with multi-way fixed effects, describes these
equations as a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from newretail_ml.checks import as_numbers, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import Factor, group_sums, numbered

# What rounds of corrections may leave, as a share of what was there; they are two as a rule.
_PRECISE = 1e-11
_LOOSE = 1e-8
_ROUNDS = 8
_STEPS = 5_000
# So many small effects are solved at once; a table may have so many cells a row of the data.
_FEW = 400
_SPARE = 4


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
    if weights is not None:
        weights = check_numbers("weights", weights)
    effects = [numbered(f"effect {number}", one) for number, one in enumerate(codes, 1)]
    lengths = {len(array), *(len(effect.codes) for effect in effects)}
    lengths |= set() if weights is None else {len(weights)}
    if len(lengths) > 1 or any((effect.codes < 0).any() for effect in effects):
        raise DataError(
            f"effects need one label, and weights one number, for each of {len(array):,} rows",
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
    """Normal equations of the effects, the largest of them eliminated.

    With D the dummies of the largest effect, E those of the others and W the weights, the others'
    effects b solve (E'WE - E'WD (D'WD)^-1 D'WE) b = E'W (y - mean of y by the largest effect).
    """

    def __init__(self, effects: Sequence[Factor], weights: np.ndarray | None) -> None:
        ordered = sorted(effects, key=lambda effect: -effect.levels)
        self.weights = weights
        self.first, self.others = ordered[0], ordered[1:]
        self.scale = _inverse(group_sums(self.first, None, weights))[:, None]
        self.ends = np.cumsum([effect.size for effect in self.others])[:-1]
        totals = np.concatenate([group_sums(effect, None, weights) for effect in self.others])
        self.mean = _inverse(totals)[:, None]
        self.link = cross_tables(self.first, self.others, weights)
        self.among = _among(self.others, totals, weights)
        self.exact = self._pseudo_inverse() if isinstance(self.link, np.ndarray) else None

    def residuals(self, values: np.ndarray) -> np.ndarray:
        sums, goal, start = self._left(values)
        size = start
        for _ in range(_ROUNDS):
            # Each round works on what the last one left, so rounding errors do not add up.
            self._take_out(values, sums, self._solved(goal))
            before = size
            sums, goal, size = self._left(values)
            if ((size <= _PRECISE * start) | (size > before / 2)).all():
                break
        if (size > _LOOSE * start).any():
            raise DataError(
                "absorbed effects are linked by too few rows to be told apart",
                next_step="Absorb fewer or coarser effects.",
            )
        return values

    def _left(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sums by the largest effect, right-hand sides for the others, and the size of both."""
        sums = np.stack([group_sums(self.first, row, self.weights) for row in values], axis=1)
        other = np.stack([self._other_sums(row) for row in values], axis=1)
        goal = other - self.link.T @ (sums * self.scale)
        squares = (goal**2 * self.mean).sum(axis=0) + (sums**2 * self.scale).sum(axis=0)
        return sums, goal, np.sqrt(squares)

    def _take_out(self, values: np.ndarray, sums: np.ndarray, found: np.ndarray) -> None:
        first = (sums - self.link @ found) * self.scale
        for row, one, rest in zip(values, first.T, found.T, strict=True):
            row -= one[self.first.codes]
            for effect, part in zip(self.others, np.split(rest, self.ends), strict=True):
                row -= part[effect.codes]

    def _other_sums(self, row: np.ndarray) -> np.ndarray:
        return np.concatenate([group_sums(effect, row, self.weights) for effect in self.others])

    def _solved(self, goal: np.ndarray) -> np.ndarray:
        if self.exact is not None:
            return self.exact @ goal
        return _conjugate_gradients(self._apply, goal, self.mean)

    def _apply(self, effects: np.ndarray) -> np.ndarray:
        return self.among @ effects - self.link.T @ (self.scale * (self.link @ effects))

    def _pseudo_inverse(self) -> np.ndarray:
        scale = np.sqrt(self.mean)
        matrix = self.among.toarray() - self.link.T @ (self.link * self.scale)
        return scale * np.linalg.pinv(scale * matrix * scale.T, 1e-10, hermitian=True) * scale.T


def cross_tables(one: Factor, others: Sequence[Factor], weights: np.ndarray | None) -> Any:
    """Weights by code of one factor and codes of others, side by side.

    A plain array where few cells are empty and the others are small, else a sparse one.
    """
    from scipy import sparse

    size = sum(other.size for other in others)
    if size <= _FEW and one.size * size <= _SPARE * len(one.codes):
        return np.hstack([_plain_table(one, other, weights) for other in others])
    return sparse.hstack([_cross_table(one, other, weights) for other in others], "csr")


def _plain_table(one: Factor, other: Factor, weights: np.ndarray | None) -> np.ndarray:
    cells = one.codes * other.size + other.codes
    table = np.bincount(cells, weights, minlength=one.size * other.size)
    return table.reshape(one.size, other.size).astype(float, copy=False)


def _cross_table(one: Factor, other: Factor, weights: np.ndarray | None) -> Any:
    from scipy import sparse

    data = np.ones(len(one.codes)) if weights is None else weights
    return sparse.coo_array((data, (one.codes, other.codes)), (one.size, other.size)).tocsr()


def _among(effects: Sequence[Factor], totals: np.ndarray, weights: np.ndarray | None) -> Any:
    """Weights by codes of every two of the effects."""
    from scipy import sparse

    if len(effects) == 1:
        return sparse.diags_array(totals).tocsr()
    diagonal = np.split(totals, np.cumsum([effect.size for effect in effects])[:-1])
    blocks = [
        [
            sparse.diags_array(diagonal[i]) if i == j else _cross_table(one, other, weights)
            for j, other in enumerate(effects)
        ]
        for i, one in enumerate(effects)
    ]
    return sparse.block_array(blocks, format="csr")


def _conjugate_gradients(
    apply: Callable[[np.ndarray], np.ndarray], goal: np.ndarray, precondition: np.ndarray
) -> np.ndarray:
    """(size, k) solutions of k systems with one matrix, each with its own steps."""
    found = np.zeros_like(goal)
    left = goal.copy()
    direction = precondition * left
    length = (left * direction).sum(axis=0)
    enough = length * 1e-24
    for _ in range(_STEPS):
        if not (length > enough).any():
            break
        image = apply(direction)
        curve = (direction * image).sum(axis=0)
        going = (length > enough) & (curve > 0)
        step = np.divide(length, curve, out=np.zeros_like(curve), where=going)
        found += step * direction
        left -= step * image
        ahead = precondition * left
        new = np.where(going, (left * ahead).sum(axis=0), 0.0)
        direction = ahead + np.divide(new, length, out=np.zeros_like(new), where=going) * direction
        length = new
    return found


def _inverse(totals: np.ndarray) -> np.ndarray:
    return np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)
