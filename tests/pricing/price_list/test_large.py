"""Thousands of products under a few sums: the answer of one whole programme, within its gap."""

import numpy as np
import pytest

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.solving import large
from newretail_ml.pricing.price_list.solving.programme import Programme


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("core", [30, 2_000])
def test_prices_of_sums_give_the_whole_programmes_answer(seed, core, monkeypatch):
    monkeypatch.setattr(large, "_CORE", core)
    rng = np.random.default_rng(seed)
    n, n_points = 40, 6
    worth = rng.normal(0.0, 5.0, (n, n_points))
    allowed = rng.random((n, n_points)) < 0.9
    allowed[:, 0] = True
    use = rng.random((3, n, n_points))
    use[:, :, 0] = 0.0
    rows = [Rows(np.arange(n)[None], one[None], np.array([n * 0.2])) for one in use]
    whole = Programme(allowed, rows).solve(worth, time_limit=20, gap=1e-6)
    many = large.best_of_many(worth, allowed, rows, offset=0.0, time_limit=20, gap=1e-6)
    each = np.arange(n)
    assert allowed[each, many.chosen].all()
    assert all(one.kept(many.chosen) for one in rows)
    best = worth[each, whole.chosen].sum()
    value = worth[each, many.chosen].sum()
    assert value <= best * (1 + 2e-6)
    assert many.bound >= best * (1 - 1e-9)
    # With all points in the core nothing is lost; with few of them very little.
    assert value >= best * (1 - (2e-6 if core > n * n_points else 5e-3))
