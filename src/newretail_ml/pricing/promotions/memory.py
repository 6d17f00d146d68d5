"""What a promotion calendar remembers from week to week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Memory:
    """What a week has to remember of the weeks before: the last promotion and its age.

    Attributes:
        level: (states,) level of the last promotion; 0 in the first state, where none matters.
        age: (states,) weeks since then; 0 in the first state.
        following: (states, levels) the state after a week at a level.
        allowed: (states, levels) whether the gap allows it.
    """

    level: np.ndarray
    age: np.ndarray
    following: np.ndarray
    allowed: np.ndarray

    @classmethod
    def of(cls, levels: int, lags: int, gap: int) -> Memory:
        """The states of so many levels when a promotion matters for `lags` weeks.

        Args:
            levels: the first is no promotion.
            lags: weeks in which demand dips after a promotion.
            gap: weeks without promotion between two promotions, at least.
        """
        longest = max(lags, gap)
        level = np.concatenate([[0], np.repeat(np.arange(1, levels), longest)])
        age = np.concatenate([[0], np.tile(np.arange(1, longest + 1), levels - 1)])
        following = np.zeros((len(level), levels), np.intp)
        if longest:
            following[:, 1:] = 1 + longest * np.arange(levels - 1)
            young = (age > 0) & (age < longest)
            following[young, 0] = np.flatnonzero(young) + 1
        allowed = np.ones((len(level), levels), bool)
        allowed[:, 1:] = ((age == 0) | (age > gap))[:, None]
        return cls(level, age, following, allowed)

    def state_of(self, level: np.ndarray, age: np.ndarray) -> np.ndarray:
        """The states of a last promotion's level and age in periods; 0 where none matters."""
        longest = int(self.age.max())
        forgotten = (level == 0) | (age < 1) | (age > longest)
        return np.where(forgotten, 0, 1 + longest * (level - 1) + np.minimum(age, longest) - 1)

    def factors(self, dip: np.ndarray) -> np.ndarray:
        """(..., states) factor on demand, from dips (..., levels, lags)."""
        lags = dip.shape[-1]
        inside = (self.age >= 1) & (self.age <= lags)
        found = dip[..., self.level, np.clip(self.age, 1, max(lags, 1)) - 1]
        return np.where(inside, found, 1.0)
