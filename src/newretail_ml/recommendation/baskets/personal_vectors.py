"""How often each customer buys each item, orders of long ago counting less at two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def personal_vectors(
    known: Interactions, groups: int, within_decay: float, group_decay: float
) -> csr_matrix:
    """(customers, items) personal item frequencies.

    The orders of a customer are cut into groups of as many successive orders; where they do not
    divide evenly, the later groups have one more. The vector of a group is the mean of its
    orders, each weighted by `within_decay` to the power of the later orders of the group; the
    customer's vector is the mean over the groups, each weighted by `group_decay` to the power of
    the later groups.

    Source: Hu, He, Gao and Zhang (2020), "Modeling personalized item frequency information for
    next-basket recommendation", section 4.1.

    Args:
        known: what was bought.
        groups: groups of a customer, or as many as there are orders if that is less.
        within_decay: what an order counts against the next one of its group, at most 1.
        group_decay: what a group counts against the next one, at most 1.
    """
    from scipy.sparse import csr_matrix

    events = known.events
    order, first, of_event = np.unique(events.order, return_index=True, return_inverse=True)
    weight = order_weights(events.customer[first], order, groups, within_decay, group_decay)
    shape = (known.n_customers, known.n_items)
    entries = (weight[of_event], (events.customer, events.item))
    vectors = csr_matrix(entries, shape=shape)
    vectors.sum_duplicates()
    return vectors


def order_weights(
    customer: np.ndarray, order: np.ndarray, groups: int, within_decay: float, group_decay: float
) -> np.ndarray:
    """(n,) what each order counts in the vector of its customer.

    Args:
        customer: (n,) who ordered.
        order: (n,) numbers that grow with time.
        groups: see `personal_vectors`, as for the decays.
        within_decay: between orders of a group.
        group_decay: between groups.

    >>> order_weights(np.zeros(3, int), np.arange(3), 2, 0.5, 0.1)
    array([0.05 , 0.125, 0.25 ])
    """
    by = np.lexsort((order, customer))
    owner = customer[by]
    count = np.bincount(owner, minlength=int(owner.max(initial=-1)) + 1)
    total = count[owner]
    place = np.arange(len(by)) - (np.cumsum(count) - count)[owner]
    n_groups = np.minimum(total, groups)
    size, larger = total // n_groups, total % n_groups
    small = (n_groups - larger) * size
    late = place >= small
    group_size = size + late
    group = np.where(late, n_groups - larger + (place - small) // group_size, place // size)
    within = np.where(late, (place - small) % group_size, place % size)
    decayed = within_decay ** (group_size - 1.0 - within) / group_size
    weight = np.empty(len(by))
    weight[by] = decayed * group_decay ** (n_groups - 1.0 - group) / n_groups
    return weight
