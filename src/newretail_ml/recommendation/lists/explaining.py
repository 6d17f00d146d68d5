"""Why a customer is offered an item: what happened between them, and the parts of the score."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.wording import counted


def facts(known: Interactions, row: int, item: int) -> list[str]:
    """What is known of a customer and an item, in words."""
    events = known.events
    mine = events.customer == row
    both = mine & (events.item == item)
    times = events.time[both]
    if not len(times):
        return ["never bought by this customer"]
    gap = (times[-1] - times[0]).astype(int) / 86_400 / max(len(times) - 1, 1)
    ago = (known.cut - times[-1]).astype(int) / 86_400
    said = [f"bought in {len(times):,} of {len(np.unique(events.order[mine])):,} orders"]
    said.append(f"last {counted(round(ago), 'day')} before the cut")
    if len(times) > 1:
        said.append(f"every {counted(round(gap), 'day')} on average")
    return said


def explained(
    known: Interactions, row: int, item: int, parts: pd.DataFrame, score: float
) -> pd.DataFrame:
    """Facts, then the parts of the score, then the score."""
    said = facts(known, row, item)
    rows = pd.DataFrame({c.PART: said, c.CONTRIBUTION: np.nan})
    shown = score if np.isfinite(score) else np.nan
    last = pd.DataFrame({c.PART: ["score"], c.CONTRIBUTION: [shown]})
    return pd.concat([part for part in (rows, parts, last) if len(part)], ignore_index=True)
