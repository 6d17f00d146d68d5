"""Demand models on orange juice beside peers: weeks 137 to 160 held out, all 11 brands.

Every model sees weeks 40 to 136, and then the prices, deals and features of the weeks after, but
no sales. Peers: by brand with store effects, on the own price or on all 11; LightGBM with its own
defaults on own and all prices, brand and store; and the mean of the last two, in logs. Ours have
their defaults.

The data is looked for in the folder that the first argument names, or in ../shared/data.
"""

import sys
from pathlib import Path
from time import perf_counter

import lightgbm
import numpy as np
import pandas as pd

from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.combination import PriceCombination
from newretail_ml.pricing.demand.double_ml import DoubleML
from newretail_ml.pricing.demand.judging import errors
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
PRICES = [f"price{brand}" for brand in range(1, 12)]
FIRST, HELD_OUT = 40, 137


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    rows = pd.read_parquet(folder / "oj_yx.parquet").astype(float)
    rows = rows.assign(deal=(rows["deal"] > 0) * 1.0, feat=(rows["feat"] > 0) * 1.0)
    rows = rows.astype({"brand": int, "store": int, "week": int})
    rows[PRICES] = np.log(rows[PRICES])
    print("RMSE of log units in weeks 137-160\n")
    train, test = rows[rows["week"] < HELD_OUT], rows[rows["week"] >= HELD_OUT]
    all_prices = by_brand(train, test, PRICES)
    trees = boosted(train, test)
    for name, said in {
        "peer: own price by brand": by_brand(train, test, None),
        "peer: 11 prices by brand": all_prices,
        "peer: LightGBM, untuned": trees,
        "peer: mean of the two": (all_prices + trees) / 2,
    }.items():
        print(f"{name:28s} {np.sqrt(np.mean((test['logmove'] - said) ** 2)):.4f}")
    panel = as_panel(rows)
    past = panel.until(HELD_OUT - FIRST)
    for model in (ShrunkenLogLog(), MonotoneTrees(), DoubleML(), PriceCombination()):
        started = perf_counter()
        said = model.fit(past).predict(past, slice(past.cut, panel.cut))
        seconds = perf_counter() - started
        error = errors(panel.units[:, past.cut :], said)["rmse_log"]
        print(f"{'ours: ' + type(model).__name__:28s} {error:.4f} {seconds:6.1f} s")


def by_brand(train: pd.DataFrame, test: pd.DataFrame, prices: list[str] | None) -> np.ndarray:
    """Least squares of each brand, with an effect of each store."""
    said = pd.Series(np.nan, test.index)
    for brand, part in train.groupby("brand"):
        columns = [*(prices or [f"price{brand}"]), "deal", "feat"]
        numbers = part[[*columns, "logmove"]]
        means = numbers.groupby(part["store"]).mean()
        left = (numbers - means.loc[part["store"]].to_numpy()).to_numpy()
        slope = np.linalg.lstsq(left[:, :-1], left[:, -1], rcond=None)[0]
        asked = test[test["brand"] == brand]
        store = means.reindex(asked["store"]).to_numpy()
        said[asked.index] = store[:, -1] + (asked[columns].to_numpy() - store[:, :-1]) @ slope
    return said.to_numpy()


def boosted(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """LightGBM as it comes, on own and all prices, deal, feature, brand and store."""
    kinds = {name: pd.CategoricalDtype(sorted(train[name].unique())) for name in ("brand", "store")}
    columns = ["own", *PRICES, "deal", "feat", *kinds]

    def with_own_price(part: pd.DataFrame) -> pd.DataFrame:
        own = part[PRICES].to_numpy()[np.arange(len(part)), part["brand"] - 1]
        return part.assign(own=own)[columns].astype(kinds)

    model = lightgbm.LGBMRegressor(verbose=-1, n_jobs=1, random_state=0)
    model.fit(with_own_price(train), train["logmove"])
    return np.asarray(model.predict(with_own_price(test)))


def as_panel(rows: pd.DataFrame) -> Panel:
    """Brands as items; weeks without a row are unknown."""
    prices = np.exp(rows[PRICES].to_numpy())[np.arange(len(rows)), rows["brand"] - 1]
    frame = pd.DataFrame(
        {
            "item_id": rows["brand"].astype(str),
            "location_id": rows["store"].astype(str),
            "date": pd.Timestamp("1990-06-11") + pd.to_timedelta(7 * (rows["week"] - 40), unit="D"),
            "units": np.exp(rows["logmove"]),
            "price": prices,
            "promotion": np.maximum(rows["deal"], rows["feat"]),
            "deal": rows["deal"],
            "feat": rows["feat"],
        }
    )
    keys = ["item_id", "location_id", "date"]
    every = pd.MultiIndex.from_product([sorted(frame[key].unique()) for key in keys], names=keys)
    whole = frame.set_index(keys).reindex(every).reset_index()
    return Panel.from_frame(whole, freq="W", plans=["deal", "feat"])


if __name__ == "__main__":
    main()
