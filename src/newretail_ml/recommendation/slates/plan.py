"""The planner: from scored lists to slates, under rules and shared stock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.measuring import measured, shortfalls
from newretail_ml.recommendation.slates.rules import SlateRule
from newretail_ml.recommendation.slates.ruling import Ruling
from newretail_ml.recommendation.slates.slate_plan import SlatePlan
from newretail_ml.recommendation.slates.solving.greedy import ordered
from newretail_ml.recommendation.slates.solving.placing import Answer, best_slates
from newretail_ml.recommendation.slates.solving.sharing import Goods, shared_slates
from newretail_ml.recommendation.slates.whys import whys
from newretail_ml.recommendation.slates.worth import PURCHASES, SCORES, Task, task_of


def plan_slates(
    lists: pd.DataFrame,
    *,
    k: int = 10,
    items: pd.DataFrame | None = None,
    customers: pd.DataFrame | None = None,
    rules: Sequence[SlateRule] | SlateRule = (),
    stock: pd.DataFrame | None = None,
    objective: str = PURCHASES,
    clearing: float = 0.0,
    attention: Sequence[float] | None = None,
    channel: str | None = None,
    rounds: int = 30,
    sweeps: int = 2,
    random_state: int = 0,
    progress: bool = True,
) -> SlatePlan:
    """The slates, of k items each from the candidates of each customer, that are worth most.

    Without shared stock each slate is a problem of its own: filled from the best candidate down,
    which is exact where the rules allow it (one rule that counts, or rules by categories within
    categories), and by a small integer programme where they do not. With shared stock all slates
    are one problem: expected sales of an item are E[min(stock, demand)], so that the last three
    units are not promised to a thousand people. It is solved by prices of what is scarce, with
    a bound that no slates can exceed.

    Args:
        lists: candidates, such as 30 to 100 a customer that `recommend` returns: customer_id,
            item_id, score, and chance of purchase from 0 to 1 (see `purchase_chances`).
        k: slots of a slate.
        items: item_id and what rules ask for (brand, category, minimum_age), unit_margin (money),
            overstock (units that are too many).
        customers: customer_id and what rules ask for (age), home_location_id where stock differs
            by location.
        rules: what slates must keep; their names must differ.
        stock: item_id, location_id where it differs, and units that all customers share, all
            channels of a place together; overstock for `clearing`. Items that it does not name
            have no limit. One purchase takes one unit.
        objective: purchases (expected units), margin (expected money), or score, which needs no
            chances.
        clearing: worth of moving one unit of overstock, beside the objective and in its unit.
        attention: (k,) chance that a slot is looked at, by rank, falling from 1; None: all are
            looked at alike.
        channel: of the slates, for rules that are about one.
        rounds: of prices for shared stock.
        sweeps: over all customers after the prices.
        random_state: seed of the order of the customers under shared stock.
        progress: show a bar where `explain` takes longer.

    Returns:
        A `SlatePlan`: `slates`, `stock`, `explain()`, `shortfalls`, `bound`, `gap`.

    Raises:
        DataError: an argument cannot be used, or a rule asks for what there is not.
        InfeasibleError: a contract cannot be kept; its `conflicts` name what stands against it.

    >>> from newretail_ml.recommendation.slates.rules import AtMostPer
    >>> lists = pd.DataFrame({"customer_id": "ann", "item_id": ["tea", "mate", "jam"],
    ...                       "score": [3.0, 2.0, 1.0], "chance": [0.5, 0.3, 0.2]})
    >>> items = pd.DataFrame({"item_id": ["tea", "mate", "jam"], "brand": ["A", "A", "B"]})
    >>> plan = plan_slates(lists, k=2, items=items, rules=[AtMostPer("brand", 1)])
    >>> plan
    SlatePlan(1 slate of up to 2, 0.7 purchases expected, gap 0.00%)
    >>> plan.slates[["item_id", "rank", "chance", "why"]].values.tolist()
    [['tea', 1, 0.5, ''], ['jam', 2, 0.2, 'at most 1 of each brand']]
    >>> plan.explain()[["rule", "purchases"]].round(2).values.tolist()
    [['at most 1 of each brand', 0.1]]
    """
    check_whole("k", k, at_least=1)
    check_whole("rounds", rounds, at_least=1)
    check_whole("sweeps", sweeps)
    check_whole("random_state", random_state)
    candidates = Candidates.of(lists, items, customers, channel)
    task = task_of(candidates, k, objective, clearing, attention, stock)
    ruling = Ruling.of(candidates, rules, k)
    solve = partial(_solved, rounds=rounds, sweeps=sweeps, random_state=random_state)
    answer = solve(task, ruling)
    goods = task.goods(ruling)
    outcome, value = measured(task, answer.slate), task.value(goods, answer.slate)
    return SlatePlan(
        slates=_table(task, ruling, answer, outcome.share),
        stock=outcome.stock,
        shortfalls=shortfalls(task, ruling, answer.slate),
        purchases=outcome.purchases,
        margin=outcome.margin,
        value=value,
        bound=max(answer.bound, value),
        how=_how(goods),
        _task=task,
        _ruling=ruling,
        _answer=answer,
        _solve=solve,
        _progress=progress,
    )


def _solved(task: Task, ruling: Ruling, *, rounds: int, sweeps: int, random_state: int) -> Answer:
    goods = task.goods(ruling)
    if goods.shared is None:
        return best_slates(ruling, goods.solver, goods.values(), thorough=True)
    answer = shared_slates(goods, rounds=rounds, sweeps=sweeps, random_state=random_state)
    return _in_order(goods, answer)


def _in_order(goods: Goods, answer: Answer) -> Answer:
    """Slates in the order of what items are worth, where attention does not care."""
    if (goods.solver.attention != 1.0).any():
        return answer
    chosen = np.zeros(goods.chance.shape, dtype=bool)
    row, place = np.nonzero(answer.slate >= 0)
    chosen[row, answer.slate[row, place]] = True
    slate = ordered(chosen, goods.values(), goods.solver.k, answer.deadline)
    return Answer(slate, answer.forced, answer.deadline, answer.bound)


def _table(task: Task, ruling: Ruling, answer: Answer, share: np.ndarray) -> pd.DataFrame:
    """One row a slot, by customer as given and rank."""
    candidates = task.candidates
    by = np.argsort(candidates.given, kind="stable")
    slate = answer.slate[by]
    row, place = np.nonzero(slate >= 0)
    row = by[row]
    column = answer.slate[row, place]
    values = np.where(candidates.there, task.worth * task.chance, -np.inf)
    line = candidates.line[row, column]
    made = candidates.lines.iloc[line].reset_index(drop=True).assign(**{c.RANK: place + 1})
    if task.objective != SCORES:
        chance = task.chance[row, column] * task.attention[place]
        sold = chance * share[row, place]
        margin = sold * task.margin[row, column]
        made = made.assign(**{c.CHANCE: chance, c.EXPECTED_SALES: sold, c.EXPECTED_MARGIN: margin})
    made[c.WHY] = whys(task, ruling, answer, values)[row, place]
    first = [c.CUSTOMER, c.ITEM, c.RANK]
    return made[[*first, *(name for name in made if name not in first)]]


def _how(goods: Goods) -> str:
    slates = "filled from the best candidate down, which is exact under these rules"
    if not goods.solver.exact:
        slates = (
            "filled from the best candidate down, and by integer programmes where rules overlap"
        )
    if goods.shared is None:
        return f"each slate alone, {slates}"
    return f"prices of what is scarce, a heuristic with a bound; each slate {slates}"
