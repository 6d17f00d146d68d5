"""Where a Markov chain spends its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_MOST_SOLVED = 20_000


def long_run_shares(step: csr_matrix, start: np.ndarray) -> np.ndarray:
    """(states,) share of time that a chain spends in each state.

    Args:
        step: (to, from) chances of one period.
        start: (states,) chances of the first state; they matter where the chain falls apart.

    >>> from scipy.sparse import csr_matrix
    >>> long_run_shares(csr_matrix([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.0]))
    array([0.5, 0.5])
    """
    small = len(start) <= _MOST_SOLVED
    shares = start / start.sum()
    for _ in range(1_000 if small else 100_000):
        # Half a step: a chain that alternates between states settles all the same.
        after = 0.5 * shares + 0.5 * (step @ shares)
        if np.abs(after - shares).sum() < 1e-13:
            return shares / shares.sum()
        shares = after
    return _solved(step, start) if small else shares / shares.sum()


def _solved(step: csr_matrix, start: np.ndarray) -> np.ndarray:
    """Shares with a tiny chance of starting anew in every period, for chains that settle slowly."""
    from scipy.sparse import identity
    from scipy.sparse.linalg import spsolve

    anew = 1e-12
    shares = spsolve((identity(len(start)) - (1.0 - anew) * step).tocsc(), start)
    shares = np.maximum(shares, 0.0)
    return shares / shares.sum()
