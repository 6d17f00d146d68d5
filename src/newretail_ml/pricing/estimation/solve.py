"""Least squares on a few columns and many rows, with collinear columns named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.errors import DataError

INTERCEPT = "intercept"

# Shares of a cause's squared spread below which nothing of it is left but rounding errors: of the
# transform, of numbers far from zero, and of other causes.
_ABSORBED = 1e-14
_ROUNDING = 1e-25
_COLLINEAR = 1e-12


def weighted(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """(k, n) values times the weights of rows, (n,); the values themselves without weights."""
    return values if weights is None else values * weights


def sizes(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """(k,) weighted sums of squares of (k, n)."""
    return np.array([weighted(row, weights) @ row for row in values])


def smallest_sizes(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """(k,) sums of squares at or below which a column, (k, n), has no spread of its own."""
    total = values.shape[1] if weights is None else weights.sum()
    squares = sizes(values, weights)
    means = np.array([weighted(row, weights).sum() for row in values]) / total
    spread = np.maximum(squares - total * means**2, 0.0)
    return np.maximum(_ABSORBED * spread, _ROUNDING * squares)


def refuse_absorbed(smallest: np.ndarray, left: np.ndarray, names: Sequence[str]) -> None:
    """Raise if nothing is left of a cause once the effects are taken out of it.

    Args:
        smallest: (k,) of `smallest_sizes` of the causes.
        left: (k,) sums of squares without the effects.
        names: of the causes.
    """
    gone = [name for name, still in zip(names, left > smallest, strict=True) if not still]
    if gone:
        several = len(gone) > 1
        raise DataError(
            f"{' and '.join(gone)} {'do' if several else 'does'} not vary inside the absorbed "
            "effects",
            column=gone[0],
            next_step=f"Leave {'them' if several else 'it'} out, absorb fewer effects, or collect "
            "data in which prices vary: without variation the data cannot tell what they do.",
        )


def refuse_collinear(gram: np.ndarray, names: Sequence[str]) -> None:
    """Raise if a column is a weighted sum of columns before it, with their names.

    Args:
        gram: (k, k) sums of products of the columns.
        names: of the columns.
    """
    scale = np.sqrt(np.diag(gram))
    scale[scale == 0] = 1.0
    gram = gram / np.outer(scale, scale)
    for last in range(len(names)):
        block, target = gram[:last, :last], gram[:last, last]
        shares = np.linalg.solve(block, target) if last else target
        if gram[last, last] - shares @ target > _COLLINEAR:
            continue
        if names[0] == INTERCEPT and abs(target[0]) ** 2 > 1 - _COLLINEAR:
            raise DataError(
                f"{names[last]} does not vary",
                column=names[last],
                next_step="Leave it out, or collect data in which it varies.",
            )
        others = [name for name, share in zip(names, shares, strict=False) if abs(share) > 1e-5]
        raise DataError(
            f"{names[last]} is perfectly collinear with {' and '.join(others) or 'nothing at all'}",
            column=names[last],
            next_step="Leave one of them out, or collect data in which they move apart.",
        )


def refine(
    outcome: np.ndarray, causes: np.ndarray, inverse: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (k,) and residuals (n,) of a linear equation, to rounding errors.

    Args:
        outcome: (n,).
        causes: (k, n).
        inverse: (k, k) of the products of scores and causes.
        scores: (k, n) that residuals are to be orthogonal to: the causes, weighted, or what
            instruments explain of them.
    """
    coefficients = np.zeros(len(causes))
    left = outcome
    for _ in range(3):
        step = inverse @ (scores @ left)
        coefficients = coefficients + step
        left = outcome - coefficients @ causes
        if (np.abs(step) <= 1e-9 * np.abs(coefficients)).all():
            break
    return coefficients, left
