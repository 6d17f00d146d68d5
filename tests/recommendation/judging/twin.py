"""Slow twin: the measures of one customer, by counting."""

import math
from itertools import combinations

import pandas as pd


def measures(shown: list[str], true: set[str], k: int) -> dict[str, float]:
    """Accuracy of a list of items in the order of ranks, each item once."""
    gain = total = hits = 0.0
    first = 0
    for rank, item in enumerate(shown[:k], start=1):
        if item in true:
            hits += 1
            gain += 1 / math.log2(rank + 1)
            total += hits / rank
            first = first or rank
    most = min(k, len(true))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, most + 1))
    return {
        "ndcg": gain / ideal,
        "recall": hits / len(true),
        "precision": hits / k,
        "average_precision": total / most,
        "hit_rate": float(hits > 0),
        "reciprocal_rank": 1 / first if first else 0.0,
    }


def variety(
    customer: str, shown: list[str], history: pd.DataFrame, category: dict[str, str] | None
) -> dict[str, float]:
    """Repeat share, novelty and diversity of a list."""
    n = history["customer_id"].nunique()
    buyers = history.groupby("item_id")["customer_id"].agg(set).to_dict()
    bought = [customer in buyers.get(item, set()) for item in shown]
    bits = [-math.log2(max(len(buyers.get(item, set())), 1) / n) for item in shown]
    apart = []
    for one, other in combinations(shown, 2):
        if category is not None:
            known = {category.get(one), category.get(other)}
            apart.append(float(len(known) == 2 or None in known))
        else:
            both = len(buyers.get(one, set()) & buyers.get(other, set()))
            sizes = len(buyers.get(one, "-")) * len(buyers.get(other, "-"))
            apart.append(1 - both / math.sqrt(sizes))
    return {
        "repeat_share": _mean(bought),
        "novelty": _mean(bits),
        "diversity": _mean(apart),
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
