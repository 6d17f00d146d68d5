"""Least squares on a few columns and many rows, with collinear columns named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.errors import DataError

# Shares of a cause's squared size below which nothing of it is left but rounding errors.
_ABSORBED = 1e-18
_COLLINEAR = 1e-12


def weighted(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """(k, n) values times the weights of rows, (n,); the values themselves without weights."""
    return values if weights is None else values * weights


def sizes(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """(k,) weighted sums of squares of (k, n)."""
    return np.array([weighted(row, weights) @ row for row in values])


def refuse_absorbed(before: np.ndarray, after: np.ndarray, names: Sequence[str]) -> None:
    """Raise if nothing is left of a cause once the effects are taken out of it.

    Args:
        before: (k,) sums of squares of the causes.
        after: (k,) the same without the effects.
        names: of the causes.
    """
    gone = [
        name
        for name, old, new in zip(names, before, after, strict=True)
        if new <= _ABSORBED * old or old == 0
    ]
    if gone:
        raise DataError(
            f"{' and '.join(gone)} does not vary inside the absorbed effects",
            column=gone[0],
            next_step="Leave it out, absorb fewer effects, or collect data in which it varies: "
            "without variation the data cannot tell what it does.",
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
