"""Which rules that count can be kept together exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.recommendation.slates.ruling import Limits


def families(limits: Sequence[Limits]) -> list[list[Limits]]:
    """Rules in sets, for each of which filling from the best down is exact.

    Rules by the same groups are joined into one. Upper limits by groups within groups, as
    subcategories and categories, are a laminar family.
    """
    joined: list[Limits] = []
    for one in limits:
        place = next((i for i, other in enumerate(joined) if _joinable(one, other)), None)
        if place is None:
            joined.append(one)
        else:
            joined[place] = _join(one, joined[place])
    found: list[list[Limits]] = []
    for one in joined:
        home = next((some for some in found if all(_nested(one, other) for other in some)), None)
        if home is None:
            found.append([one])
        else:
            home.append(one)
    return found


def _joinable(one: Limits, other: Limits) -> bool:
    if not np.array_equal(one.group, other.group):
        return False
    both = (one, other)
    return not (any(x.at_least.any() for x in both) and any(x.distinct.any() for x in both))


def _join(one: Limits, other: Limits) -> Limits:
    at_most = np.minimum(one.at_most, other.at_most)
    at_least = np.minimum(np.maximum(one.at_least, other.at_least), at_most)
    return Limits(one.group, at_most, at_least, np.maximum(one.distinct, other.distinct))


def _nested(one: Limits, other: Limits) -> bool:
    """Whether the groups of one lie within those of the other, and none asks for anything."""
    return not (one.needs or other.needs) and (_within(one, other) or _within(other, one))


def _within(fine: Limits, coarse: Limits) -> bool:
    """Whether candidates of one fine group are in one coarse group, or all in none."""
    n, m = fine.group.shape
    padded = np.hstack([coarse.group, np.full((n, 1), m, coarse.group.dtype)])
    of_first = np.take_along_axis(padded, fine.group.astype(np.int64), axis=1)
    return bool(((of_first == coarse.group) | (fine.group == m)).all())
