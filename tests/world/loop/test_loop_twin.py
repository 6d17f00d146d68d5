"""The loop beside a slow twin in plain loops: every unit of stock, sold, wasted and ordered."""

import math

import numpy as np
import pytest

from newretail_ml.world import ChainConfig, Habits, Policies, make_world, run
from newretail_ml.world.loop.coming import Coming

DAYS = 16
ONE = ChainConfig(days=40, plan_days=DAYS, n_stores=1, n_regions=1, n_items=1, n_customers=10)
FEW = ChainConfig(days=40, plan_days=DAYS, n_stores=2, n_items=7, n_customers=20, random_state=3)


class Twin:
    """Batches as lists of [days left, units], one item and place at a time."""

    def __init__(self, world):
        self.world, self.supply = world, world.chain.supply
        self.n_shops = self.supply.n_shops
        state = world.stock
        self.places = [
            (i, k) for i in range(state.on_hand.shape[0]) for k in range(len(self.supply.lead_time))
        ]
        self.shelf, self.way, self.mean = {}, {}, {}
        for i, k in self.places:
            goods_that_keep = state.on_hand.shape[2] - 1
            self.shelf[i, k] = [
                [math.inf if left == goods_that_keep else left, int(units)]
                for left, units in enumerate(state.on_hand[i, k])
                if units
            ]
            self.way[i, k] = {d: int(u) for d, u in enumerate(state.on_order[i, k]) if u}
            self.mean[i, k] = float(state.mean_sales[i, k])

    def day(self, day, wanted):
        """Units sold (items, shops, channels), in the evening, and wasted."""
        sold = np.zeros_like(wanted)
        for i, k in self.places:
            units = self.way[i, k].pop(0, 0)
            life = int(self.supply.shelf_life[i])
            fresh = k < self.n_shops and life > 0
            self.shelf[i, k].append([life - 1 if fresh else math.inf, units])
            self.way[i, k] = {d - 1: u for d, u in self.way[i, k].items()}
            if k < self.n_shops:
                sold[i, k] = self._sell(i, k, *(int(u) for u in wanted[i, k]))
        left = {at: sum(u for _, u in self.shelf[at]) for at in self.places}
        wasted = {at: sum(u for d, u in self.shelf[at] if d == 0) for at in self.places}
        for at in self.places:
            self.shelf[at] = [[d - 1, u] for d, u in self.shelf[at] if d > 0 and u]
        return sold, left, wasted

    def evening(self, day, sold, asked_for):
        orderable = self.world.chain.assortment.orderable(day, self.supply.lead_time)
        items = sorted({i for i, _ in self.places})
        for i in items:
            shops = [k for k in range(self.n_shops) if orderable[i, k]]
            for k in shops:
                self._remember(i, k, int(sold[i, k].sum()))
            asked = {
                k: asked_for(self, i, k)
                for k in shops
                if day % int(self.supply.review_period[k]) == 0
            }
            for h in range(self.n_shops, len(self.supply.lead_time)):
                mine = {
                    k: u for k, u in asked.items() if self.supply.warehouse[k] == h - self.n_shops
                }
                total = sum(mine.values())
                there = sum(u for _, u in self.shelf[i, h])
                for k, units in mine.items():
                    sent = min(units, units * there // max(total, 1))
                    self._send(i, k, sent)
                    for batch in self.shelf[i, h]:
                        taken = min(batch[1], sent)
                        batch[1] -= taken
                        sent -= taken
                if orderable[i, h]:
                    self._remember(i, h, total)
                    if day % int(self.supply.review_period[h]) == 0:
                        self._send(i, h, self.usual(i, h))

    def usual(self, i, k):
        """The usual rule: up to the mean of lead time and review, plus safety, in packs."""
        cover = self.mean[i, k] * (self.supply.lead_time[k] + self.supply.review_period[k])
        level = max(cover + self.supply.safety[k] * math.sqrt(cover), 1.0)
        position = sum(u for _, u in self.shelf[i, k]) + sum(self.way[i, k].values())
        pack = int(self.supply.pack_size[i])
        return math.ceil(max(level - position, 0.0) / pack) * pack

    def _sell(self, i, k, in_store, online):
        there = sum(u for _, u in self.shelf[i, k])
        total = min(in_store + online, there)
        by_app = (
            there * online // max(in_store + online, 1) if total < in_store + online else online
        )
        rest = total
        for batch in sorted(self.shelf[i, k], key=lambda one: one[0]):
            taken = min(batch[1], rest)
            batch[1] -= taken
            rest -= taken
        return total - by_app, by_app

    def _remember(self, i, k, units):
        self.mean[i, k] += (units - self.mean[i, k]) / 21

    def _send(self, i, k, units):
        when = int(self.supply.lead_time[k]) - 1
        self.way[i, k][when] = self.way[i, k].get(when, 0) + units


def played_by_twin(world, asked_for):
    """Profit, units sold and units wasted."""
    twin, coming, chain = Twin(world), Coming.of(world, DAYS), world.chain
    profit, units, wasted_units, cost = 0.0, 0, 0, chain.catalogue.unit_cost
    today = world.chain.prices.regular[chain.config.days - 1]
    for place, day in enumerate(coming.days.tolist()):
        off = chain.prices.price[day] / chain.prices.regular[day][:, None]
        price = np.where(
            chain.prices.promoted[day], np.round(today[:, None] * off, 2), today[:, None]
        )
        wanted = coming.wanted(place, price, chain.prices.promoted[day])
        sold, left, wasted = twin.day(day, wanted)
        profit += float((sold.sum(axis=2) * (price - cost[:, None])).sum())
        profit -= sum(cost[i] * 0.25 / 365 * u for (i, _), u in left.items())
        profit -= sum(cost[i] * u for (i, _), u in wasted.items())
        units += int(sold.sum())
        wasted_units += sum(wasted.values())
        twin.evening(day, sold, asked_for)
    return profit, units, wasted_units


@pytest.mark.parametrize("config", [ONE, FEW])
def test_the_loop_is_its_slow_twin(config):
    world = make_world(config)
    found = run(world, days=DAYS, habits=Habits(switching=0.0)).ledger
    profit, units, wasted = played_by_twin(world, Twin.usual)
    total = found.totals().iloc[0]
    assert found.profit == pytest.approx(profit, rel=1e-9)
    assert total["units"] == units
    assert total["wasted"] == pytest.approx(wasted)


def test_orders_of_a_policy_are_those_of_the_twin():
    world = make_world(FEW)

    def two_each(view):
        return view.stock[["item_id", "location_id"]].assign(units=2)

    def in_packs(twin, i, k):
        pack = int(twin.supply.pack_size[i])
        return math.ceil(2 / pack) * pack

    found = run(world, Policies(orders=two_each), days=DAYS, habits=Habits(switching=0.0)).ledger
    profit, units, wasted = played_by_twin(world, in_packs)
    assert found.profit == pytest.approx(profit, rel=1e-9)
    assert found.totals()["units"][0] == units
    assert found.totals()["wasted"][0] == wasted
