"""Published newsvendor answers, to their tolerance."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.replenishment import newsvendor, newsvendor_cost

BOOK = json.loads((Path(__file__).parent / "newsvendor.json").read_text())


@pytest.mark.parametrize("book", BOOK["instances"], ids=lambda book: book["title"])
def test_samples_that_follow_the_pmf_give_the_books_answer(book):
    demand = np.repeat(
        [float(units) for units in book["pmf"]],
        [round(100 * share) for share in book["pmf"].values()],
    )
    costs = book["shortage_cost"], book["holding_cost"]
    assert newsvendor(demand, *costs) == book["stock"]
    assert newsvendor_cost(book["stock"], demand, *costs) == pytest.approx(
        book["cost"], abs=book["tolerance"]
    )
    for stock, cost in book["cost_at"].items():
        assert newsvendor_cost(float(stock), demand, *costs) == pytest.approx(cost)
