"""Answers found by enumerating every set, to their tolerance."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.assortment import (
    AssortmentRules,
    StockCost,
    best_assortment,
    best_list,
)
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit

BOOK = json.loads((Path(__file__).parent / "assortment.json").read_text())["instances"]


def told(name):
    return (BOOK[name][part] for part in ("inputs", "expected", "tol"))


def numbers(assortment):
    """Numbers of the listed products, from 1 on."""
    return [number for number, listed in zip(count(1), assortment.listed, strict=False) if listed]


def test_without_a_limit_the_list_is_ordered_by_revenue():
    inputs, answer, tolerance = told("A01")
    best = best_list(inputs["v"], inputs["r"], outside=inputs["v0"])
    assert numbers(best) == answer["S"]
    assert best.objective == pytest.approx(answer["revenue"], abs=tolerance)
    everything = best_list(
        inputs["v"], inputs["r"], AssortmentRules(keep=np.ones(10, bool)), outside=inputs["v0"]
    )
    assert everything.objective == pytest.approx(answer["full_assortment"], abs=tolerance)
    assert best.exact
    assert best.gap == 0


@pytest.mark.parametrize("at_most", [1, 2, 3, 4])
def test_a_limit_on_the_number_changes_the_whole_list(at_most):
    inputs, answer, tolerance = told("A03")
    answer = answer[str(at_most)]
    best = best_list(inputs["v"], inputs["r"], AssortmentRules(at_most=at_most))
    assert numbers(best) == answer["S"]
    assert best.objective == pytest.approx(answer["revenue"], abs=tolerance)
    assert best.objective >= answer["greedy"]["revenue"] - tolerance


def test_at_most_is_not_exactly():
    inputs, answer, tolerance = told("A04")
    most = inputs["K"]
    for name, rules in (
        ("at_most", AssortmentRules(at_most=most)),
        ("exactly", AssortmentRules(at_most=most, at_least=most)),
    ):
        best = best_list(inputs["v"], inputs["r"], rules, outside=inputs["v0"])
        assert numbers(best) == answer[name]["S"]
        assert best.objective == pytest.approx(answer[name]["revenue"], abs=tolerance)


def test_stock_of_thin_products_costs_more_than_they_bring():
    inputs, answer, tolerance = told("A07")
    response = MultinomialLogit(
        np.log(inputs["v"]), 0.0, np.full(6, inputs["p"]), market_size=inputs["lam"]
    )
    best = best_assortment(response, inputs["c"], stock=StockCost())
    assert numbers(best) == answer["S"]
    assert best.objective == pytest.approx(answer["profit"], abs=tolerance)
    assert best.exact
    for name, rules in (
        ("full_set", AssortmentRules(at_least=6)),
        ("single", AssortmentRules(at_most=1)),
    ):
        other = best_assortment(response, inputs["c"], rules, stock=StockCost())
        assert other.objective == pytest.approx(answer[name], abs=tolerance)


def test_products_and_price_points_together_for_two_kinds_of_customers():
    inputs, answer, tolerance = told("A08")
    response = LatentClassLogit(
        inputs["weights"],
        inputs["class_intercepts"],
        -np.array(inputs["class_price_coef"]),
        np.array(inputs["prices"])[:, 0],
    )
    best = best_assortment(
        response, rules=AssortmentRules(at_most=2), price_points=inputs["prices"]
    )
    prices = best.table.loc[best.listed, "price"].tolist()
    assert dict(zip(map(str, numbers(best)), prices, strict=True)) == answer["prices"]
    assert best.objective == pytest.approx(answer["revenue"], abs=tolerance)
    assert best.exact
