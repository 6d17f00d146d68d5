"""From current prices to the best ones without rules, and down as rules are added one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.solve import best_list
from newretail_ml.pricing.price_list.task import Task


def waterfall(task: Task, ruling: Ruling, *, progress: bool) -> pd.DataFrame:
    """Profit at current prices, without rules, and after each rule in their order.

    Columns: step, profit, difference (to the step before) and gap.
    """
    from tqdm import tqdm

    board = task.board
    rows = [("current prices", _profit(task, board.current), 0.0)]
    titles = ruling.titles
    bar = tqdm(range(len(titles) + 1), desc="steps", delay=3, leave=False, disable=not progress)
    for count in bar:
        found = best_list(task, ruling.only(titles[:count]))
        name = titles[count - 1] if count else "no rules"
        if found is not None:
            rows.append((name, _profit(task, board.at(found.chosen)), found.gap))
    made = pd.DataFrame(rows, columns=[w.STEP, w.PROFIT, w.GAP])
    difference = np.diff(made[w.PROFIT], prepend=made[w.PROFIT].iloc[0])
    return made.assign(**{w.DIFFERENCE: difference})[[w.STEP, w.PROFIT, w.DIFFERENCE, w.GAP]]


def _profit(task: Task, prices: np.ndarray) -> float:
    return float(((prices - task.board.cost) * task.response.units(prices)).sum())
