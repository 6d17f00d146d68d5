"""A list that was found, and what is known of how good it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Solution:
    """Points of n products (NOT_LISTED where a product is not), their money, and a bound."""

    chosen: np.ndarray
    value: float
    bound: float
    exact: bool
    why: str
