"""The nodes of each level of a hierarchy, from one row of labels a series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml import columns as c
from newretail_ml.errors import DataError

LEVEL = "level"
TOTAL = "total"
ALL = "all"
UNKNOWN = "unknown"

Level = tuple[str, ...]

_USUAL = (c.REGION, c.LOCATION, c.CHANNEL, c.CATEGORY, c.ITEM)


def labels_of(keys: pd.DataFrame, statics: pd.DataFrame | None) -> pd.DataFrame:
    """Keys and statics side by side, as text; a label that is missing is "unknown"."""
    if keys.empty:
        raise DataError("there are no series", table="keys", next_step="Pass one row or more.")
    parts = [keys.reset_index(drop=True)]
    if statics is not None and not statics.columns.empty:
        if len(statics) != len(keys):
            raise DataError(
                f"there are {len(statics):,} rows for {len(keys):,} series",
                table="statics",
                next_step="Pass one row a series, in the order of the keys.",
            )
        parts.append(statics.reset_index(drop=True))
    labels = pd.concat(parts, axis=1).astype("string").fillna(UNKNOWN).astype(object)
    if labels[list(keys)].duplicated().any():
        raise DataError(
            "series share their keys with another",
            table="keys",
            rows=np.flatnonzero(labels[list(keys)].duplicated(keep=False)),
            next_step="Pass each series once.",
        )
    return labels


def usual_levels(labels: pd.DataFrame) -> list[Level]:
    """The total, and what tells some series apart but not all."""
    counts = {name: labels[name].nunique() for name in _USUAL if name in labels}
    return [(), *((name,) for name, count in counts.items() if 1 < count < len(labels))]


def checked_levels(levels: Sequence[str | Sequence[str]], labels: pd.DataFrame) -> list[Level]:
    """Each level as a tuple of columns that there are."""
    named = [(level,) if isinstance(level, str) else tuple(level) for level in levels]
    for name in (name for level in named for name in level):
        if name not in labels:
            raise DataError(
                f"there is no column {name} to add series up by",
                table="levels",
                next_step=f"Use {', '.join(labels)}, or () for the total.",
            )
    return named


def level_name(level: Level) -> str:
    """What a level is called.

    >>> level_name(("region", "category")), level_name(())
    ('region x category', 'total')
    """
    return " x ".join(level) or TOTAL


def nodes_of(labels: pd.DataFrame, level: Level) -> tuple[np.ndarray, pd.DataFrame]:
    """(series,) the node of each series, and one row of labels a node."""
    if not level:
        return np.zeros(len(labels), dtype=np.intp), pd.DataFrame(index=[0])
    groups = labels.groupby(list(level), sort=True, observed=True)
    return groups.ngroup().to_numpy(), groups.size().reset_index()[list(level)]


def node_table(labels: pd.DataFrame, bottom: Level, above: Sequence[Level]) -> pd.DataFrame:
    """One row a node: level, the series' keys, and the other columns that levels add up by.

    A key that a level adds up over is "all"; so is another column whose labels differ within
    the node. (The category of an item is told at the level of items as well.)
    """
    used = {*bottom, *(name for level in above for name in level)}
    columns = [name for name in labels if name in used]
    frames = [_labelled(labels, level, columns, bottom) for level in above]
    table = pd.concat([*frames, labels[columns]], ignore_index=True)
    names = [level_name(level) for level in above]
    sizes = [*map(len, frames), len(labels)]
    table.insert(0, LEVEL, np.repeat(np.array([*names, level_name(bottom)], dtype=object), sizes))
    return table


def _labelled(
    labels: pd.DataFrame, level: Level, columns: list[str], bottom: Level
) -> pd.DataFrame:
    member, nodes = nodes_of(labels, level)
    for name in (name for name in columns if name not in level):
        nodes[name] = ALL if name in bottom else _shared(labels[name], member)
    return nodes[columns]


def _shared(labels: pd.Series, member: np.ndarray) -> np.ndarray:
    """(nodes,) the label that all series of a node have, or "all"."""
    codes, values = pd.factorize(labels)
    groups = pd.Series(codes).groupby(member)
    low, high = groups.min().to_numpy(), groups.max().to_numpy()
    return np.where(low == high, values.to_numpy()[low], ALL)


def summing_matrix(labels: pd.DataFrame, above: Sequence[Level]) -> sparse.csr_array:
    """(nodes, series) one where a series belongs to a node; the series themselves come last."""
    n_series, rows, n_nodes = len(labels), [], 0
    for level in above:
        member, nodes = nodes_of(labels, level)
        rows.append(n_nodes + member)
        n_nodes += len(nodes)
    rows.append(n_nodes + np.arange(n_series))
    columns = np.tile(np.arange(n_series), len(rows))
    entries = (np.ones(len(columns)), (np.concatenate(rows), columns))
    return sparse.csr_array(entries, shape=(n_nodes + n_series, n_series))
