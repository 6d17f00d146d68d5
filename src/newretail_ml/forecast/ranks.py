"""Which of equally likely samples is a quantile."""

from __future__ import annotations

import numpy as np


def sample_rank(probability: float | np.ndarray, n: int) -> np.ndarray:
    """Place among n ordered samples of the smallest that covers a probability.

    >>> sample_rank([0.5, 0.51], 4).tolist()
    [1, 2]
    """
    # A share that is a whole number of samples must not slip to the next by a rounding error.
    rank = np.ceil(np.asarray(probability, float) * n - 1e-9).astype(np.intp) - 1
    return np.clip(rank, 0, n - 1)
