"""Slow twins: every slate is tried."""

from itertools import combinations, permutations, product

import numpy as np
import pandas as pd


def made(rng, n, m, items=8, ties=False):
    """Lists of n customers with m candidates each, and items with brand and category."""
    rows = []
    for customer in range(n):
        for item in rng.permutation(items)[:m]:
            chance = rng.integers(1, 5) / 10 if ties else rng.uniform(0.01, 0.6)
            rows.append((f"c{customer}", f"i{item}", chance, chance))
    lists = pd.DataFrame(rows, columns=["customer_id", "item_id", "score", "chance"])
    lists["slot"] = np.where(rng.random(len(lists)) < 0.5, "repeat", "discovery")
    table = pd.DataFrame(
        {
            "item_id": [f"i{item}" for item in range(items)],
            "brand": rng.choice(list("ABCD"), items),
            "category": list("xyzxyzxyz")[:items],
            "unit_margin": rng.uniform(0.5, 4.0, items),
        }
    )
    return lists, table


def sets_of(rows, k):
    """All sets of up to k of the candidates, the full ones where there are enough."""
    return list(combinations(range(len(rows)), min(k, len(rows))))


def best_of(rows, k, worth, attention, keeps):
    """The largest worth of a set of candidates that keeps the rules, or None."""
    found = [
        np.dot(np.sort(worth[list(some)])[::-1], attention[: len(some)])
        for some in sets_of(rows, k)
        if keeps(rows.iloc[list(some)])
    ]
    return max(found) if found else None


def all_slates(lists, k):
    """Every combination of slates of all customers, as lists of rows."""
    groups = [rows for _, rows in lists.groupby("customer_id", sort=False)]
    options = [[rows.iloc[list(some)] for some in sets_of(rows, k)] for rows in groups]
    return product(*options)


def orders(rows):
    """Every order of a slate."""
    return permutations(range(len(rows)))
