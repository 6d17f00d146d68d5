"""Lists by trying: every list of a short range, or a local search through a long one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from newretail_ml.pricing.assortment.options import NOT_LISTED
from newretail_ml.pricing.assortment.rules import Settled

# (lists, n) points of the products -> (lists,) money.
Worth = Callable[[np.ndarray], np.ndarray]

MOST_LISTS = 2**17
BATCH = 4096
ROUNDS = 500
# Above so many neighbours of a list, swaps are left out.
MOST_NEIGHBOURS = 50_000


def few_enough(open_: np.ndarray, rules: Settled) -> bool:
    """Whether every list can be tried."""
    choices = open_.sum(axis=1) + ~rules.keep
    logs = np.log(choices[~rules.never]).sum()
    return bool(logs <= np.log(MOST_LISTS))


def every_list(worth: Worth, open_: np.ndarray, rules: Settled) -> np.ndarray | None:
    """(n,) points of the best of all lists that keep the rules; None if there is no such list."""
    best, most = None, -np.inf
    for batch in _all_lists(open_, rules):
        good = batch[_allowed(batch, rules)]
        if not len(good):
            continue
        money = worth(good)
        place = int(money.argmax())
        if money[place] > most:
            best, most = good[place], float(money[place])
    return best


def climbed(
    starts: Sequence[np.ndarray], worth: Worth, open_: np.ndarray, rules: Settled
) -> np.ndarray:
    """(n,) points of the best list that single changes reach from the starts: a heuristic.

    A change adds, drops, swaps or reprices a product.
    """
    found = [_climbed(start, worth, open_, rules) for start in starts]
    return found[int(np.argmax(worth(np.array(found))))]


def _climbed(chosen: np.ndarray, worth: Worth, open_: np.ndarray, rules: Settled) -> np.ndarray:
    earned = float(worth(chosen[None])[0])
    for _ in range(ROUNDS):
        near = _neighbours(chosen, open_, rules)
        near = near[_allowed(near, rules)]
        if not len(near):
            break
        parts = np.array_split(near, max(1, len(near) // BATCH))
        money = np.concatenate([worth(part) for part in parts])
        place = int(money.argmax())
        if money[place] <= earned + 1e-12 * max(1.0, abs(earned)):
            break
        chosen, earned = near[place], float(money[place])
    return chosen


def _neighbours(chosen: np.ndarray, open_: np.ndarray, rules: Settled) -> np.ndarray:
    """(lists, n) the lists after one change."""
    listed = np.flatnonzero((chosen != NOT_LISTED) & ~rules.keep)
    product, point = np.nonzero(open_ & ~rules.never[:, None])
    leaving = np.append(listed, -1)
    if len(leaving) * len(product) > MOST_NEIGHBOURS:
        leaving = np.array([-1])
    out, into = (each.ravel() for each in np.meshgrid(leaving, np.arange(len(product))))
    swapped = np.repeat(chosen[None], len(out), axis=0)
    row = np.flatnonzero(out >= 0)
    swapped[row, out[row]] = NOT_LISTED
    swapped[np.arange(len(out)), product[into]] = point[into]
    dropped = np.repeat(chosen[None], len(listed), axis=0)
    dropped[np.arange(len(listed)), listed] = NOT_LISTED
    return np.concatenate([dropped, swapped])


def _all_lists(open_: np.ndarray, rules: Settled) -> Iterator[np.ndarray]:
    choices = [
        np.array([NOT_LISTED])
        if never
        else np.append(np.flatnonzero(points), [] if kept else [NOT_LISTED]).astype(int)[::-1]
        for points, kept, never in zip(open_, rules.keep, rules.never, strict=True)
    ]
    sizes = tuple(len(each) for each in choices)
    total = int(np.prod(sizes))
    for first in range(0, total, BATCH):
        numbers = np.unravel_index(np.arange(first, min(first + BATCH, total)), sizes)
        yield np.column_stack([each[number] for each, number in zip(choices, numbers, strict=True)])


def _allowed(lists: np.ndarray, rules: Settled) -> np.ndarray:
    listed = lists != NOT_LISTED
    count = listed.sum(axis=1)
    fits = listed @ rules.space <= rules.room * (1 + 1e-12) if not rules.roomy else True
    return (count >= rules.at_least) & (count <= rules.at_most) & fits
