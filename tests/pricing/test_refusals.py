"""What a hurried user passes is answered with what to do next, not with a traceback."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel, Periods
from newretail_ml.pricing.assortment import best_assortment
from newretail_ml.pricing.choice import MultinomialLogit, optimal_prices
from newretail_ml.pricing.demand import MonotoneTrees, backtest_prices
from newretail_ml.pricing.learning import PriceLearner, with_outcomes
from newretail_ml.pricing.markdown import plan_markdowns
from newretail_ml.pricing.price_list import MaxChange, best_price, plan_prices
from newretail_ml.pricing.response import ConstantElasticity

KEYS = pd.DataFrame({"item_id": ["a", "b"]})
RESPONSE = ConstantElasticity([10.0, 20.0], [2.0, 3.0], [-2.0, -3.0], keys=KEYS)

LOGIT = MultinomialLogit([2.0, 1.0], -1.0, [2.0, 3.0], keys=KEYS)


def learner_of(item, elasticity):
    prior = pd.DataFrame({"item_id": [item], "elasticity": elasticity, "elasticity_error": 1.0})
    return PriceLearner(pd.DataFrame({"item_id": "a", "price": [1.8, 2.0]}), prior)


def history(days):
    dates = pd.date_range("2026-01-05", periods=days)
    return Panel.from_frame(
        pd.DataFrame({"item_id": "a", "date": dates, "units": 3.0, "price": 2.0})
    )


def markdowns(**options):
    paths = np.full((2, 10, 4), 3.0)
    forecast = Forecast(KEYS, Periods.spanning("2026-01-05", "2026-02-01", "W"), paths)
    return plan_markdowns(forecast, RESPONSE, KEYS.assign(on_hand=9), **options)


def test_one_rule_is_a_list_of_one():
    one = plan_prices(RESPONSE, 1.0, MaxChange(0.1))
    pd.testing.assert_frame_equal(one.prices, plan_prices(RESPONSE, 1.0, [MaxChange(0.1)]).prices)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan_prices(RESPONSE, 1.0, points=[]), "no price points"),
        (lambda: markdowns(points=[]), "no price points"),
        (lambda: markdowns(rules={"every": 2}), "dict, not MarkdownRules"),
        (lambda: best_assortment(RESPONSE), "ConstantElasticity .* MultinomialLogit"),
        (lambda: backtest_prices([MonotoneTrees], history(60)), "a class.*MonotoneTrees[(][)]"),
        (lambda: RESPONSE.profit([2.0, 3.0], [1, 2, 3]), "unit costs have shape"),
        (lambda: RESPONSE.sample(-1), "n is -1"),
        (lambda: best_price(RESPONSE, 0.0), "best price of some products is 0"),
        (lambda: optimal_prices(LOGIT, [1.0, np.nan]), "unit_cost: 1 values are not finite"),
        (lambda: best_assortment(LOGIT, [1.0, np.nan]), "unit_cost: 1 values are not finite"),
        (lambda: learner_of("a", 2.0), "elasticity: 1 values are above 0"),
        (lambda: learner_of("z", -2.0), "item_id: 1 values have no candidate"),
        (lambda: PriceLearner.from_dict({}), "has no candidates, prior"),
        (lambda: MonotoneTrees().fit(history(1)), "more history"),
    ],
)
def test_what_cannot_be_used_is_told(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_sales_may_write_their_dates_as_text():
    learner = PriceLearner(pd.DataFrame({"item_id": "a", "price": [1.8, 2.0, 2.2]}))
    state = pd.DataFrame({"item_id": ["a"], "current_price": [2.0], "unit_cost": [1.2]})
    log = learner.choose(state, "2026-06-01")
    sales = pd.DataFrame({"item_id": ["a"], "date": ["2026-06-01"], "units": [7]})
    made = with_outcomes(log, sales)
    assert made.loc[made["chosen"], "units"].tolist() == [7]


@pytest.mark.parametrize("decide", [optimal_prices, best_assortment])
def test_costs_may_be_a_table_in_any_order(decide):
    costs = KEYS.assign(unit_cost=[1.0, 1.5]).iloc[::-1]
    assert decide(LOGIT, costs).objective == decide(LOGIT, [1.0, 1.5]).objective


def test_lists_blocked_by_cost_say_how_to_go_below_it():
    with pytest.raises(InfeasibleError, match="below_cost=True"):
        plan_prices(RESPONSE, 200.0, points=[2.0, 3.0])
