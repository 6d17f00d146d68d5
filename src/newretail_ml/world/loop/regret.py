"""What better decisions are worth: the gap between a naive chain and one that knows the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
from tqdm import tqdm

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.backtest import METRIC, VALUE
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.loop.deciders import clairvoyant_policies, library_policies, naive_policies
from newretail_ml.world.loop.deciders.library import (
    FORECASTING,
    MODULES,
    REPLENISHMENT,
    checked_modules,
)
from newretail_ml.world.loop.ledger import MONEY, UNITS
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.run import run
from newretail_ml.world.make import World, make_world

NAIVE, TOGETHER, CLAIRVOYANT = "naive", "all modules", "clairvoyant"
_KNOWS = "clairvoyant: "


@dataclass(frozen=True, eq=False)
class Regret:
    """Money of chains that differ by who decides, in the same worlds with the same customers.

    Attributes:
        totals: one row a fold (the seed of the world) and model (who decides): the sums of the
            ledger.
        modules: that were looked at alone.
    """

    totals: pd.DataFrame
    modules: tuple[str, ...]

    def table(self, confidence: float = 0.9) -> pd.DataFrame:
        """One row for each who decides.

        Args:
            confidence: of the intervals, over the worlds.

        Returns:
            By model: profit (mean of the worlds); gain over naive with lower and upper bound;
            closed: share of the gap between naive and clairvoyant, with its bounds; own_gap:
            what the truth would gain in the place of the module alone; own_closed: the share of
            that. Shares are of the sums over the worlds; intervals by Student's t, those of
            shares by the delta method. NaN for a single world.
        """
        profit = self._by_world(c.PROFIT)
        gap = profit[CLAIRVOYANT] - profit[NAIVE]
        rows = {}
        for name in profit.columns:
            won = profit[name] - profit[NAIVE]
            own = profit.get(f"{_KNOWS}{name}", profit[CLAIRVOYANT] if name == TOGETHER else None)
            rows[name] = {
                c.PROFIT: profit[name].mean(),
                **_named("gain", *_mean(won.to_numpy(), confidence)),
                **_named("closed", *_share(won.to_numpy(), gap.to_numpy(), confidence)),
                "own_gap": np.nan if own is None else (own - profit[NAIVE]).mean(),
                "own_closed": np.nan if own is None else won.sum() / (own - profit[NAIVE]).sum(),
            }
        return pd.DataFrame(rows).T.rename_axis(c.MODEL)

    def sources(self) -> pd.DataFrame:
        """Where the money came from: mean difference to naive of each sum, one row a model."""
        means = self.totals.groupby(c.MODEL, sort=False)[[*MONEY, *UNITS]].mean()
        return (means - means.loc[NAIVE]).drop(index=NAIVE)

    def gains(self) -> pd.DataFrame:
        """Profit over that of naive, worlds (by seed) x models."""
        profit = self._by_world(c.PROFIT)
        return profit.sub(profit[NAIVE], axis=0).drop(columns=NAIVE)

    def scores(self) -> pd.DataFrame:
        """model, fold, metric, value: as trackers of comparisons take it; profit comes first."""
        return self.totals.melt([c.FOLD, c.MODEL], [c.PROFIT, *_others()], METRIC, VALUE)[
            [c.MODEL, c.FOLD, METRIC, VALUE]
        ]

    @property
    def share_closed(self) -> float:
        """Share of the gap that all modules together close."""
        return float(self.table().loc[TOGETHER, "closed"])

    def _by_world(self, column: str) -> pd.DataFrame:
        """Worlds x models, as they came."""
        names = self.totals[c.MODEL].unique()
        return self.totals.pivot_table(column, c.FOLD, c.MODEL, sort=False)[list(names)]

    def __repr__(self) -> str:
        worlds = self.totals[c.FOLD].nunique()
        return f"Regret({worlds} worlds: {self.share_closed:.0%} of the gap closed)"


def regret(
    worlds: World | ChainConfig | Sequence[World | ChainConfig],
    days: int = 56,
    *,
    modules: Sequence[str] = MODULES,
    workers: int = 1,
    progress: bool = False,
) -> Regret:
    """Let chains live on under naive decisions, under the library's, and under the truth.

    In each world the same customers meet: the naive chain; each module alone in a chain that
    otherwise is naive; the modules together; and chains that know the truth in the place of each
    module, and in that of all. All by their defaults, and nobody sees what is to come but those
    who know.

    Args:
        worlds: worlds or configurations with at least so many planned days, of different seeds.
        days: to run.
        modules: some of "forecasting", "replenishment", "pricing", "recommendation".
        workers: processes, each with worlds of its own; the numbers do not depend on it.
        progress: show a bar.

    Raises:
        DataError: there is no such module, two worlds have the same seed, or one has not so many
            planned days.

    >>> config = ChainConfig(days=120, n_stores=2, n_items=8, n_customers=40)
    >>> found = regret(config, days=7, modules=["pricing"])
    >>> found.table().index.tolist()
    ['naive', 'pricing', 'all modules', 'clairvoyant: pricing', 'clairvoyant']
    """
    asked = [worlds] if isinstance(worlds, World | ChainConfig) else list(worlds)
    _check(asked)
    on = checked_modules(modules)
    check_whole("workers", workers, at_least=1)
    work = partial(_of_world, days=days, modules=on)
    done = list(_mapped(work, asked, workers, progress))
    return Regret(pd.concat(done, ignore_index=True), tuple(on))


def _check(worlds: Sequence[World | ChainConfig]) -> None:
    if not worlds:
        raise DataError("there is no world", next_step="Pass a ChainConfig, or several.")
    for one in worlds:
        if not isinstance(one, World | ChainConfig):
            raise DataError(
                f"a {type(one).__name__} is no world", next_step="Pass worlds or ChainConfigs."
            )
    seeds = [_config(one).random_state for one in worlds]
    if len(set(seeds)) < len(seeds):
        raise DataError(
            "two worlds have the same seed, so they are no two witnesses",
            next_step="Give each configuration another random_state.",
        )


def _config(world: World | ChainConfig) -> ChainConfig:
    return world.chain.config if isinstance(world, World) else world


def _mapped(
    work: Callable[[World | ChainConfig], pd.DataFrame],
    worlds: Sequence[World | ChainConfig],
    workers: int,
    progress: bool,
) -> Iterable[pd.DataFrame]:
    """Results in the order of the worlds."""
    bar = partial(tqdm, total=len(worlds), disable=not progress, unit="world")
    if workers == 1 or len(worlds) == 1:
        return bar(map(work, worlds))
    with ProcessPoolExecutor(min(workers, len(worlds)), get_context("spawn")) as pool:
        return list(bar(pool.map(work, worlds)))


def _of_world(world: World | ChainConfig, days: int, modules: Sequence[str]) -> pd.DataFrame:
    """One row for each who decides in a world."""
    made = make_world(world) if isinstance(world, ChainConfig) else world
    rows = []
    for policies in _competitors(made, modules):
        total = run(made, policies, days).ledger.totals()
        total.insert(0, c.MODEL, policies.name)
        total.insert(0, c.FOLD, _config(made).random_state)
        rows.append(total)
    return pd.concat(rows, ignore_index=True)


def _competitors(world: World, modules: Sequence[str]) -> list[Policies]:
    """Naive first, then each module alone, then all, then those who know."""
    alone = [library_policies([one], n_threads=1) for one in modules]
    together = library_policies(modules, name=TOGETHER, n_threads=1)
    # What the planner can be told is the demand to come: its truth is that of forecasts, too.
    known = [
        clairvoyant_policies(
            world,
            [FORECASTING, REPLENISHMENT] if one == REPLENISHMENT else [one],
            name=f"{_KNOWS}{one}",
        )
        for one in modules
    ]
    best = clairvoyant_policies(world, modules, name=CLAIRVOYANT)
    return [naive_policies(), *alone, together, *known, best]


def _others() -> list[str]:
    return [name for name in (*MONEY, *UNITS) if name != c.PROFIT]


def _named(name: str, value: float, half: float) -> dict[str, float]:
    return {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}


def _mean(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Mean, and half the width of its interval."""
    return float(values.mean()), _half_width(values - values.mean(), 1.0, confidence)


def _share(won: np.ndarray, gap: np.ndarray, confidence: float) -> tuple[float, float]:
    """Ratio of the sums, and half the width of its interval by the delta method."""
    share = won.sum() / gap.sum() if gap.sum() else float("nan")
    return float(share), _half_width(won - share * gap, float(gap.mean()), confidence)


def _half_width(rest: np.ndarray, over: float, confidence: float) -> float:
    """Half the width of an interval for a mean of so much rest, over a number."""
    from scipy.stats import t

    n = len(rest)
    if n < 2 or not over:
        return float("nan")
    error = np.sqrt((rest**2).sum() / (n - 1) / n) / abs(over)
    return float(t.ppf(0.5 + confidence / 2, n - 1) * error)
