"""How a combination did beside its members, in a table and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecasting.combination.weights import Past

COMBINATION = "combination"
RMSSE = "rmsse"


def losses(last: Past, combined: np.ndarray, members: Sequence[str]) -> pd.DataFrame:
    """RMSSE of each member and of the combination from one origin; columns model, rmsse.

    Args:
        last: what the members said at the origin, beside what happened.
        combined: (series, 1, horizon) what the combination would have said.
        members: their names, the pool first and then the learned model, if there is one.
    """
    learned = [] if last.learned is None else [last.learned]
    errors = np.stack([*last.pool, *learned, combined]) - last.actual
    squares = np.where(np.isnan(errors), 0.0, errors**2).sum(axis=(2, 3))
    known = (~np.isnan(last.actual)).sum(axis=(1, 2))
    scaled = np.sqrt(squares / np.maximum(known, 1)) / last.scale
    told = np.isfinite(scaled).all(axis=0) & (known > 0)
    names = [*members, COMBINATION]
    loss = scaled[:, told].mean(axis=1) if told.any() else np.full(len(names), np.nan)
    return pd.DataFrame({c.MODEL: names, RMSSE: loss})


def verdict(judged: pd.DataFrame, horizon: int) -> str:
    """The table in a sentence."""
    loss = judged.set_index(c.MODEL)[RMSSE]
    single = loss.drop(COMBINATION)
    if not np.isfinite(loss).all():
        return f"the last {horizon} periods do not tell the models apart"
    word = "beats" if loss[COMBINATION] < single.min() else "does not beat"
    return (
        f"over the last {horizon} periods of history the combination (RMSSE "
        f"{loss[COMBINATION]:.4f}) {word} its best member there, {single.idxmin()} "
        f"({single.min():.4f})"
    )
