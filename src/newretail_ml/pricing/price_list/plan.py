"""The planner: the best price list under rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.binding import binding_rules
from newretail_ml.pricing.price_list.board import Board
from newretail_ml.pricing.price_list.conflicts import conflict
from newretail_ml.pricing.price_list.outcome import Outcome, outcome
from newretail_ml.pricing.price_list.points import ladders_of, with_point
from newretail_ml.pricing.price_list.price_list import PriceList, notes_of, totals_of
from newretail_ml.pricing.price_list.products import products_of, response_of
from newretail_ml.pricing.price_list.reasons import reasons
from newretail_ml.pricing.price_list.rules import (
    ChangeCost,
    Keep,
    KeepUnidentified,
    MostChanges,
    NeverBelowCost,
    Rule,
    SmallestChange,
)
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.solve import best_list
from newretail_ml.pricing.price_list.task import CAUTIOUS, EXPECTED, MEAN, Task
from newretail_ml.pricing.response import ConstantElasticity, DemandResponse, SemiLog

# Rules under which staying at the current price must be possible.
_STAYING = (ChangeCost, Keep, MostChanges, SmallestChange)


def plan_prices(
    response: object,
    costs: object,
    rules: Sequence[Rule] | Rule | None = None,
    *,
    points: object = None,
    objective: str | float = "profit",
    uncertainty: str = EXPECTED,
    worst: float = 0.1,
    below_cost: bool = False,
    keep_unidentified: bool = True,
    n_draws: int = 200,
    random_state: int = 0,
    gap: float | None = None,
    time_limit: float = 60.0,
    progress: bool = True,
) -> PriceList:
    """The prices, among the price points of each product, that are worth most under the rules.

    Products that do not touch each other are chosen one by one, or by one mixed-integer programme
    where rules tie them. Multinomial logit demand is a ratio, solved by Dinkelbach's method (1967,
    Management Science 13) with a mixed-integer programme in each step. Linear demand with cross
    effects is one mixed-integer programme; curves with logarithms are bounded by programmes of
    secants, refined until the gap closes. Other responses, and caution or means over
    demand with cross effects, are tried in full where the lists are few (20,000), and searched
    from several starts otherwise, a heuristic that proves no bound.

    Args:
        response: expected demand as a function of prices, or a fitted model that has one.
        costs: unit costs: a number, (n,), or a frame with unit_cost by any of the response's
            keys. Its other columns (brand, pack_size, competitor_price) are there for rules.
        rules: what the list must keep; their names must differ.
        points: prices that may be chosen: None for steps of 2% up to 20% around the current
            prices, a list for all, a list a product, the array of `price_points`, or a frame of
            keys and price. The current price is added where a price is kept because its response
            is not identified, and under rules about changes.
        objective: profit, revenue, or a number from 0 to 1, the weight of profit in a blend with
            revenue.
        uncertainty: expected (of the response itself), mean (over its draws), or cautious: the
            mean gain over current prices in the `worst` share of draws, the conditional value
            at risk (Rockafellar and Uryasev 2000), product by product where these do not touch.
        worst: that share.
        below_cost: whether prices below the unit cost are allowed.
        keep_unidentified: keep the current price where the data cannot tell how demand answers,
            or nothing is expected to sell, even where a rule of single products forbids it:
            `notes` and `why` say so.
        n_draws: responses drawn for intervals, mean and caution.
        random_state: seed of the draws.
        gap: share of the objective that may be missing for speed; by default a millionth, and
            a thousandth for curves with logarithms and cross effects.
        time_limit: seconds for one list.
        progress: show a bar where it takes longer.

    Returns:
        A `PriceList`: `prices`, `totals`, `explain()`, `waterfall()`, `bound`, `gap`, `notes`.

    Raises:
        DataError: a number is missing or out of its range, a rule names what there is not, or a
            product has no price point.
        InfeasibleError: no list keeps all rules; its `conflicts` are the smallest sets of rules
            that contradict one another.

    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> from newretail_ml.pricing.price_list import MaxChange
    >>> response = ConstantElasticity([100.0, 80.0], [2.0, 3.0], [-3.0, -2.5])
    >>> plan = plan_prices(response, [1.2, 2.0], [MaxChange(0.05)])
    >>> plan.prices[["item_id", "price", "binding_rule"]].values.tolist()
    [['1', 1.92, 'change at most 5%'], ['2', 3.12, 'change at most 5%']]
    """
    demand = response_of(response)
    gap = _gap(demand) if gap is None else gap
    _check(objective, uncertainty, worst, gap, time_limit)
    asked = [rules] if isinstance(rules, Rule) else list(rules or ())
    asked += [] if below_cost else [NeverBelowCost()]
    known = _known(demand)
    asked += [KeepUnidentified()] if keep_unidentified and not known.all() else []
    board = _board(demand, costs, points, asked, keep_unidentified)
    ruling = Ruling.of(board, asked, spare=keep_unidentified)
    task = Task(
        board=board,
        response=demand,
        draws=demand.sample(check_whole("n_draws", n_draws, at_least=1), random_state),
        share=_share(objective),
        uncertainty=uncertainty,
        worst=worst,
        gap=gap,
        time_limit=time_limit,
    )
    found = best_list(task, ruling)
    if found is None:
        raise conflict(task, ruling)
    if not np.isfinite(found.value):
        raise NewRetailError(
            f"no list that keeps the rules was found in {time_limit:g} seconds, though there may "
            "be one. Allow more time, or fewer rules."
        )
    made = outcome(task, board.at(found.chosen))
    return PriceList(
        prices=_prices(task, ruling, found.chosen, made, keep_unidentified),
        totals=totals_of(made),
        value=found.value,
        bound=found.bound,
        how=found.how,
        notes=notes_of(task, ruling, found, made),
        _task=task,
        _ruling=ruling,
        _found=found,
        _outcome=made,
        _progress=progress,
    )


def _board(
    demand: DemandResponse, costs: object, points: object, rules: Sequence[Rule], keep: bool
) -> Board:
    products = products_of(demand, costs)
    keys = demand.keys.columns
    current = np.asarray(demand.prices, float)
    identified = _known(demand)
    ladder = ladders_of(points, products[list(keys)], current)
    staying = any(isinstance(rule, _STAYING) for rule in rules)
    where = np.full(len(current), staying) | (keep & ~identified)
    return Board(
        products=products,
        keys=tuple(map(str, keys)),
        current=current,
        cost=products[c.UNIT_COST].to_numpy(float),
        points=with_point(ladder, current, where),
        identified=identified,
    )


def _prices(
    task: Task, ruling: Ruling, chosen: np.ndarray, made: Outcome, keep: bool
) -> pd.DataFrame:
    board = task.board
    prices = board.at(chosen)
    binding = binding_rules(task, ruling, chosen)
    gain = made.new - made.now
    changed = board.changed[np.arange(len(chosen)), chosen]
    return board.products[list(board.keys)].assign(
        **{
            w.CURRENT_PRICE: board.current,
            c.PRICE: prices,
            w.CHANGE: np.where(changed, prices / board.current - 1.0, 0.0),
            c.UNITS: made.new[0],
            c.REVENUE: made.new[1],
            w.PROFIT: made.new[2],
            w.UNITS_GAIN: gain[0],
            w.REVENUE_GAIN: gain[1],
            w.PROFIT_GAIN: gain[2],
            w.PROFIT_GAIN_LOWER: made.lower[2],
            w.PROFIT_GAIN_UPPER: made.upper[2],
            w.IDENTIFIED: board.identified,
            w.BEYOND_DATA: ~task.response.evidence.seen(prices),
            w.BINDING_RULE: binding.rule,
            w.RULE_COST: binding.cost,
            w.WHY: reasons(task, ruling, prices, made, binding, keep),
        }
    )


def _known(demand: DemandResponse) -> np.ndarray:
    """(n,) products whose response is identified, and that are expected to sell at all."""
    identified = np.asarray(demand.evidence.identified, bool)
    return np.asarray(identified & (demand.units(demand.prices) > 0))


def _gap(demand: DemandResponse) -> float:
    """What is left open by default: programmes of secants close in on their last digits slowly."""
    curved = isinstance(demand, ConstantElasticity | SemiLog) and not demand.separable
    return 1e-3 if curved else 1e-6


def _share(objective: str | float) -> float:
    """Of the cost that counts: profit and revenue blend as a margin over part of the cost."""
    if isinstance(objective, str):
        return {"profit": 1.0, "revenue": 0.0}[objective]
    return float(objective)


def _check(
    objective: str | float, uncertainty: str, worst: float, gap: float, time_limit: float
) -> None:
    if isinstance(objective, str):
        if objective not in ("profit", "revenue"):
            raise DataError(
                f"the objective {objective!r} is not known",
                next_step="Choose profit, revenue, or the weight of profit from 0 to 1.",
            )
    else:
        check_number("objective", objective, at_most=1.0)
    if uncertainty not in (EXPECTED, MEAN, CAUTIOUS):
        raise DataError(
            f"uncertainty={uncertainty!r} is not known",
            next_step=f"Choose {EXPECTED}, {MEAN} or {CAUTIOUS}.",
        )
    check_number("worst", worst, above=0.0, at_most=1.0)
    check_number("gap", gap)
    check_number("time_limit", time_limit, above=0.0)
