"""Classes of demand so far: what a season that runs well or badly says of its rest."""

from __future__ import annotations

import numpy as np


def class_edges(paths: np.ndarray, classes: int) -> np.ndarray:
    """(n, horizon, classes - 1) demand before each period that divides the paths equally."""
    so_far = np.cumsum(paths, axis=2, dtype=np.float64) - paths
    shares = np.arange(1, classes) / classes
    edges = np.quantile(so_far, shares, axis=1)
    return np.moveaxis(edges, 0, 2).astype(np.float32)


def class_of(so_far: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(n, paths) class of demand so far, (n, paths), by the edges of a period, (n, edges)."""
    made = np.zeros(so_far.shape, np.intp)
    for edge in range(edges.shape[1]):
        made += so_far > edges[:, None, edge]
    return made
