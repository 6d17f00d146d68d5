"""What the demo shows beside forecast and orders: prices, slates, and what all four earn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml import columns as c
from newretail_ml import plots
from newretail_ml.cli.output import write_table
from newretail_ml.pricing import PriceList
from newretail_ml.recommendation import SlatePlan

if TYPE_CHECKING:
    from newretail_ml.world import LoopResult

LOOP_DAYS = 28


@dataclass(frozen=True)
class LoopMoney:
    """Four weeks of a small simulated chain under three ways to decide.

    Attributes:
        runs: of the usual chain, of the library, and of one that knows the truth.
        shops, items: size of the chain.
    """

    runs: list[LoopResult]
    shops: int
    items: int

    @property
    def share_closed(self) -> float:
        """Share of the way from the usual profit to that of the clairvoyant."""
        usual, library, clairvoyant = (one.profit for one in self.runs)
        return (library - usual) / (clairvoyant - usual)

    def to_frame(self) -> pd.DataFrame:
        """The ledgers' totals, one row a way to decide."""
        return pd.concat(
            [one.ledger.totals().assign(**{c.MODEL: one.name}) for one in self.runs],
            ignore_index=True,
        ).set_index(c.MODEL)


def loop_money(seed: int) -> LoopMoney:
    """Let a small chain live on for four weeks: as usual, by the library, and knowing the truth."""
    from newretail_ml.world import (
        ChainConfig,
        clairvoyant_policies,
        library_policies,
        make_world,
        naive_policies,
        run,
    )

    config = ChainConfig(
        days=240,
        plan_days=LOOP_DAYS,
        n_stores=2,
        n_items=24,
        n_customers=200,
        units_per_day=1.5,
        random_state=seed,
    )
    world = make_world(config)
    policies = (
        naive_policies(),
        library_policies(name="newretail_ml"),
        clairvoyant_policies(world, name="clairvoyant"),
    )
    runs = [run(world, one, days=LOOP_DAYS) for one in policies]
    return LoopMoney(runs, world.chain.locations.n_shops, config.n_items)


def write_decisions(
    folder: Path, prices: PriceList | None, shown: SlatePlan | None, money: LoopMoney
) -> None:
    """Write tables and plots of what was decided, where it was."""
    if prices is not None:
        write_table(prices.prices, folder / "prices.csv")
        plots.price_moves_chart(prices).savefig(folder / "prices.png")
    if shown is not None:
        write_table(shown.slates, folder / "slates.parquet")
    write_table(money.to_frame().reset_index(), folder / "loop.csv")
    plots.loop_profit_chart(money.runs).savefig(folder / "loop.png")
    plots.loop_money_chart(money.runs).savefig(folder / "loop_money.png")
