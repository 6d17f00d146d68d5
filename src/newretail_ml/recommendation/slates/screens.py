"""One slate for whoever stands before a store's screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_numbers, check_whole, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.tables.parsing import to_text

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

_VISITORS = "visitors"
_WEIGHT = "visits"


def screen_slates(
    lists: pd.DataFrame,
    visitors: pd.DataFrame,
    *,
    k: int = 5,
    available: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Slates of store screens: as many visitors as can be find something to buy.

    The chance that a visitor buys at least one item shown, summed over visitors, is submodular.
    Items are added one by one, each the one that adds most: a heuristic that reaches at least
    1 - 1/e of the best (Nemhauser, Wolsey and Fisher 1978, Mathematical Programming 14). The gap
    against what the items left could still add is reported, and is mostly far smaller.

    Args:
        lists: customer_id, item_id and chance of purchase.
        visitors: customer_id, location_id, and if given moment (an hour, or a day) and visits
            (expected, by default 1). One slate is made for each location and moment.
        k: items on the screen.
        available: item_id and location_id, with units if given, of what may be shown where.

    Returns:
        location_id, moment if given, item_id, rank, gain (visitors more who buy something), reach
        (chance that a visitor buys something shown so far) and gap (share of the best slate's
        reach that this one may lack).

    Raises:
        DataError: an argument cannot be used.

    >>> lists = pd.DataFrame({"customer_id": ["ann", "ann", "bob"], "chance": [0.5, 0.4, 0.3],
    ...                       "item_id": ["tea", "mate", "jam"], "score": 1.0})
    >>> visitors = pd.DataFrame({"customer_id": ["ann", "bob"], "location_id": "s1"})
    >>> screen_slates(lists, visitors, k=2)[["location_id", "item_id", "gain"]].values.tolist()
    [['s1', 'tea', 0.5], ['s1', 'jam', 0.3]]
    """
    check_whole("k", k, at_least=1)
    candidates = Candidates.of(lists)
    candidates.chance()
    people = _checked(visitors)
    group_keys = [name for name in (c.LOCATION, "moment") if name in people]
    row = pd.Index(candidates.customers[c.CUSTOMER]).get_indexer(people[c.CUSTOMER])
    people = people.assign(row=row)[row >= 0]
    if people.empty:
        raise DataError(
            "no visitor has a list", table=_VISITORS, next_step="Recommend to the visitors."
        )
    allowed = None if available is None else _offered(available)
    parts = []
    for keys, group in people.groupby(group_keys, sort=True):
        made = _slate(
            candidates, group, k, None if allowed is None else allowed.get(keys[0], set())
        )
        parts.append(made.assign(**dict(zip(group_keys, keys, strict=True))))
    table = pd.concat(parts, ignore_index=True)
    return table[[*group_keys, c.ITEM, c.RANK, "gain", "reach", "gap"]]


def _checked(visitors: pd.DataFrame) -> pd.DataFrame:
    need_columns(visitors, _VISITORS, [c.CUSTOMER, c.LOCATION])
    people = visitors.reset_index(drop=True)
    people = people.assign(**{x: to_text(people[x]) for x in (c.CUSTOMER, c.LOCATION)})
    for name in (c.CUSTOMER, c.LOCATION, *({"moment"} & set(people))):
        refuse_values(people[name], people[name].isna().to_numpy(), _VISITORS, "are missing")
    visits = check_numbers("visits", people[_WEIGHT]) if _WEIGHT in people else 1.0
    return people.assign(**{_WEIGHT: visits})


def _offered(available: pd.DataFrame) -> dict[str, set[str]]:
    need_columns(available, "available", [c.ITEM, c.LOCATION])
    there = available[available[c.UNITS] > 0] if c.UNITS in available else available
    ids = there[[c.LOCATION, c.ITEM]].apply(to_text)
    return {place: set(items) for place, items in ids.groupby(c.LOCATION)[c.ITEM]}


def _slate(
    candidates: Candidates, group: pd.DataFrame, k: int, allowed: set[str] | None
) -> pd.DataFrame:
    """The items of one screen."""
    chance, ids = _matrix(candidates, group["row"].to_numpy(), allowed)
    visits = group[_WEIGHT].to_numpy(float)
    left = visits.copy()
    chosen: list[int] = []
    gains: list[float] = []
    bound, reached = np.inf, 0.0
    for _ in range(min(k, len(ids))):
        gain = left @ chance
        gain[chosen] = 0.0
        bound = min(bound, reached + float(np.sort(gain)[::-1][:k].sum()))
        best = int(np.argmax(gain))
        chosen.append(best)
        gains.append(float(gain[best]))
        reached += gains[-1]
        left = left * (1.0 - chance[:, [best]].toarray()[:, 0])
    rest = left @ chance
    rest[chosen] = 0.0
    bound = min(bound, reached + float(np.sort(rest)[::-1][:k].sum()))
    total = max(float(visits.sum()), 1e-300)
    return pd.DataFrame(
        {
            c.ITEM: ids[chosen],
            c.RANK: np.arange(1, len(chosen) + 1),
            "gain": gains,
            "reach": np.cumsum(gains) / total,
            "gap": 1.0 - reached / bound if bound > 0 else 0.0,
        }
    )


def _matrix(
    candidates: Candidates, rows: np.ndarray, allowed: set[str] | None
) -> tuple[csc_matrix, np.ndarray]:
    """(visitors, items) chances as a sparse matrix, and the ids of the items, sorted."""
    from scipy.sparse import csr_matrix

    line = candidates.line[rows]
    visitor, place = np.nonzero(line >= 0)
    found = candidates.lines.iloc[line[visitor, place]]
    chance = found[c.CHANCE].to_numpy(float)
    ids = found[c.ITEM].to_numpy(object)
    if allowed is not None:
        inside = pd.Series(ids).isin(allowed).to_numpy()
        visitor, chance, ids = visitor[inside], chance[inside], ids[inside]
    code, labels = pd.factorize(ids, sort=True)
    matrix = csr_matrix((chance, (visitor, code)), shape=(len(rows), len(labels)))
    return matrix.tocsc(), np.asarray(labels, dtype=object)
