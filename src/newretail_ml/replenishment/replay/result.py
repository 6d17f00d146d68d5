"""The outcome of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay.books import Books
from newretail_ml.replenishment.replay.clairvoyant import Bound, clairvoyant
from newretail_ml.replenishment.replay.engine import Policy, play, policy_name
from newretail_ml.replenishment.replay.figures import rates, sums
from newretail_ml.replenishment.replay.ledger import ledger
from newretail_ml.replenishment.replay.setting import Setting
from newretail_ml.replenishment.replay.totals import REASONS, SHORTAGE, Totals, total

CLAIRVOYANT = "clairvoyant"
TURNS = "turns"
_A_YEAR = {"D": 365.0, "W": 52.0, "M": 12.0}


@dataclass(frozen=True, eq=False, repr=False)
class Replay:
    """What a policy would have sold, ordered, held, wasted and earned.

    Arrays are (series, periods), or (series, paths, periods) where demand has paths, in units.
    Figures of a demand with paths are means over the paths.

    Attributes:
        policy: its name.
        setting: what it was replayed on.
        totals: sums of each series and path over the periods after the warm-up.
    """

    policy: str
    setting: Setting
    totals: Totals
    _books: Books | None
    _baseline: Policy | None
    _progress: bool = field(default=True)

    @property
    def demand(self) -> np.ndarray:
        """Units wanted."""
        return _by_series(self.setting.demand)

    @property
    def sales(self) -> np.ndarray:
        """Units handed over, to customers who waited as well."""
        return _by_series(self._kept.sales)

    @property
    def short(self) -> np.ndarray:
        """Units lost; with backorders, units waited for at the end of the period."""
        books = self._kept
        lost = self.setting.demand - books.sales if books.waiting is None else books.waiting
        return _by_series(lost)

    @property
    def orders(self) -> np.ndarray:
        """Units ordered."""
        return _by_series(self._kept.orders)

    @property
    def received(self) -> np.ndarray:
        """Units delivered."""
        return _by_series(self._kept.received[: len(self.setting.demand)])

    @property
    def on_hand(self) -> np.ndarray:
        """Units left at the end of the period."""
        return _by_series(self._kept.on_hand)

    @property
    def waste(self) -> np.ndarray:
        """Units wasted at the end of the period."""
        books = self._kept
        return _by_series(np.zeros_like(books.sales) if books.waste is None else books.waste)

    @property
    def keys(self) -> pd.DataFrame:
        """One row a series."""
        return self.setting.terms[[n for n in c.SERIES_KEYS if n in self.setting.terms]]

    @property
    def cost(self) -> np.ndarray:
        """(series[, paths]) money after the warm-up."""
        return self.totals.cost

    @property
    def profit(self) -> np.ndarray:
        """(series[, paths]) margin on units sold, less all costs but that of lost sales.

        NaN where unit_price or unit_cost is not known. The cost of customers who wait counts.
        """
        margin = self.setting.column(c.UNIT_PRICE) - self.setting.column(c.UNIT_COST)
        lost = 0.0 if self.setting.backorders else self.totals.money[SHORTAGE]
        return margin * self.totals.sold - (self.totals.cost - lost)

    @cached_property
    def baseline(self) -> Replay:
        """The same replay by the baseline, made when it is first asked for.

        Raises:
            DataError: the replay was made without one.
        """
        if self._baseline is None:
            raise DataError(
                "this replay has no baseline", next_step="Replay with baseline=a policy."
            )
        return replayed(self._baseline, self.setting, None, keep=False, progress=self._progress)

    @cached_property
    def clairvoyant(self) -> Bound:
        """What perfect foresight would have cost at least; see `clairvoyant`."""
        return clairvoyant(self.setting)

    def ledger(self) -> pd.DataFrame:
        """Long frame: keys, path (if any), period (and date), reason, units, money.

        One row wherever there are units, warm-up included, sorted by series. Reasons are holding,
        shortage, waste, ordering (units ordered, at the cost of a line) and, where it costs
        something, transport (units received).
        """
        return ledger(self.setting, self._kept)

    def kpis(self) -> pd.Series:
        """Key figures of all series together.

        fill_rate: share of demand met at once. cycle_service_level: share of replenishment
        cycles (from one delivery to the next) without a unit short. waste_share: of units sold
        and wasted. days_out_of_stock: series-periods that ended without stock. units_sold;
        units_lost: not met at once. holding, shortage, waste, ordering and transport: money, and
        their sum cost. profit. turns: cost of the units sold over the mean cost of stock (units,
        where no cost is known), a year if demand has dates, else over the replay.
        """
        units_and_money = sums(self.totals, self.profit)
        together = {name: values.sum() for name, values in units_and_money.items()}
        figures = {**rates(together), TURNS: self._turns()}
        return pd.Series(figures, dtype=float).rename(self.policy)

    def by_series(self) -> pd.DataFrame:
        """Keys and the figures of `kpis` by series, without turns."""
        figures = rates(sums(self.totals, self.profit))
        return pd.concat([self.keys, pd.DataFrame(figures, index=self.keys.index)], axis=1)

    def compare(self) -> pd.DataFrame:
        """The policy between its baseline and perfect foresight.

        Rows: policy, baseline (if there is one), clairvoyant. Columns: name, cost, profit,
        fill_rate, gap_closed: share of the baseline's cost above the clairvoyant's that is
        saved. The clairvoyant's cost is a bound from below, its profit one from above.
        """
        rows = {"policy": _row(self)}
        if self._baseline is not None:
            rows["baseline"] = _row(self.baseline)
        rows[CLAIRVOYANT] = _bound_row(self)
        table = pd.DataFrame.from_dict(rows, orient="index")
        if self._baseline is None:
            return table
        gap = table.loc["baseline", "cost"] - table.loc[CLAIRVOYANT, "cost"]
        saved = table.loc["baseline", "cost"] - table["cost"]
        return table.assign(gap_closed=saved / gap if gap > 0 else np.nan)

    @property
    def _kept(self) -> Books:
        if self._books is None:
            raise DataError(
                "the records of this replay were not kept",
                next_step="Replay with keep=True.",
            )
        return self._books

    def _turns(self) -> float:
        value = np.nan_to_num(self.setting.column(c.UNIT_COST))
        value = value if value.any() else np.ones_like(value)
        periods = self.setting.history.periods
        years = 1.0 if periods is None else self.totals.periods / _A_YEAR[periods.freq]
        stock = (value * self.totals.held).sum() / self.totals.periods
        return float((value * self.totals.sold).sum() / stock / years) if stock > 0 else np.nan

    def __repr__(self) -> str:
        figures = self.kpis()
        shape = f"{len(self.keys):,} series x {len(self.setting.demand):,} periods"
        if self.setting.demand.ndim == 3:
            shape += f" x {self.setting.demand.shape[2]:,} paths"
        parts = ", ".join(f"{r} {figures[r]:,.0f}" for r in REASONS if figures[r])
        rule = "backorders" if self.setting.backorders else "lost sales"
        return (
            f"Replay({self.policy} on {shape}, {rule}: fill rate {figures['fill_rate']:.1%}, "
            f"cost {figures['cost']:,.0f}{f' ({parts})' if parts else ''}; "
            "compare() sets it beside baseline and clairvoyant)"
        )


def replayed(
    policy: Policy, setting: Setting, baseline: Policy | None, *, keep: bool, progress: bool
) -> Replay:
    """The outcome of a policy in a setting that is checked; see `replay`."""
    books = play(policy, setting, progress=progress)
    totals = total(setting, books)
    kept = books if keep else None
    return Replay(policy_name(policy), setting, totals, kept, baseline, progress)


def _by_series(records: np.ndarray) -> np.ndarray:
    return np.moveaxis(records, 0, -1)


def _row(outcome: Replay) -> dict[str, object]:
    figures = outcome.kpis()
    return {"name": outcome.policy, **figures[["cost", "profit", "fill_rate"]]}


def _bound_row(outcome: Replay) -> dict[str, object]:
    bound, paths = outcome.clairvoyant, 1
    if bound.cost.ndim == 2:
        paths = bound.cost.shape[1]
    wanted = outcome.totals.demand.sum()
    return {
        "name": CLAIRVOYANT,
        "cost": bound.cost.sum() / paths,
        "profit": bound.profit.sum() / paths,
        "fill_rate": bound.met.sum() / wanted if wanted > 0 else 1.0,
    }
