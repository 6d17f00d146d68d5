"""Recommendation, timed beside implicit: 200,000 customers x 20,000 items x 10 million events.

Both customers and items follow power laws, half of the purchases come from three groups of items
that a customer likes, and all is made on the spot from one seed. Both sides get the same counts,
two threads, and one thread of BLAS.

Neighbours (cosine, TF-IDF, BM25; 20 of each item): the fit, and ten items for every customer, with
what was bought and without. Ours ends in a table with slots and reasons, implicit's in arrays.
Each pair of runs follows one another, and the figure is the median of their ratios. Lists are
compared by their scores, so that ties do not count; of implicit's lists only those that it filled.
What it returns beyond, and what was bought before although it was filtered, is counted.

Each section runs in a process of its own, which tells its peak memory.

`--small` makes everything a hundredth of the size.
"""

import argparse
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.ease import EASE
from newretail_ml.recommendation.neighbours import ItemNeighbours
from newretail_ml.recommendation.ranker import TwoStageRanker

N_CUSTOMERS, N_ITEMS, N_EVENTS = 200_000, 20_000, 10_000_000
N_NEIGHBOURS, K, N_PAIRS, N_THREADS = 20, 10, 3, 2
ALONE: dict[str, Callable[[], Recommender]] = {
    "EASE": lambda: EASE(n_threads=N_THREADS),
    "two-stage ranker": TwoStageRanker,
}
SECTIONS = ["neighbours", *ALONE]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_T = TypeVar("_T")


def timed(work: Callable[..., _T], *arguments: object, **named: object) -> tuple[float, _T]:
    """Seconds on the wall, and what the work returns."""
    start = time.perf_counter()
    done = work(*arguments, **named)
    return time.perf_counter() - start, done


def power(size: int, exponent: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draws of positions, the first ones being the most frequent."""
    share = np.cumsum(np.arange(1, size + 1) ** -exponent)
    return np.minimum(np.searchsorted(share, rng.random(n) * share[-1]), size - 1)


def purchases(scale: int, random_state: int = 0) -> Interactions:
    """Half a year of purchases, every customer with at least one."""
    n_customers, n_items, n = N_CUSTOMERS // scale, N_ITEMS // scale, N_EVENTS // scale
    rng = np.random.default_rng(random_state)
    customer = np.append(power(n_customers, 0.5, n - n_customers, rng), np.arange(n_customers))
    n_groups = max(n_items // 100, 1)
    liked = rng.integers(n_groups, size=(n_customers, 3))
    own = liked[customer, rng.integers(3, size=n)] + n_groups * power(100, 0.9, n, rng)
    item = np.where(rng.random(n) < 0.5, own, power(n_items, 0.9, n, rng))
    second = rng.integers(180 * 86_400, size=n).astype("timedelta64[s]")
    frame = {"customer_id": customer, "item_id": item, "time": np.datetime64("2026-01-01") + second}
    return Interactions.from_frame(pd.DataFrame(frame))


def neighbours(known: Interactions) -> None:
    """Fits and lists of the three weightings beside implicit's."""
    from implicit import nearest_neighbours as peers

    counts = known.counts.astype(float)
    everyone = np.arange(known.n_customers)
    for weighting, peer in (
        ("cosine", peers.CosineRecommender),
        ("tfidf", peers.TFIDFRecommender),
        ("bm25", peers.BM25Recommender),
    ):
        fits, lists = [], {True: [], False: []}
        for _ in range(N_PAIRS):
            model = ItemNeighbours(weighting, N_NEIGHBOURS, n_threads=N_THREADS)
            other = peer(K=N_NEIGHBOURS, num_threads=N_THREADS)
            ours, _ = timed(model.fit, known)
            theirs, _ = timed(other.fit, counts, show_progress=False)
            fits.append(ours / theirs)
            print(f"  {weighting} fit: ours {ours:.1f} s, implicit {theirs:.1f} s", flush=True)
            for unbought in (False, True):
                ours, table = timed(model.recommend, k=K, exclude_bought=unbought)
                theirs, arrays = timed(
                    other.recommend, everyone, counts, N=K, filter_already_liked_items=unbought
                )
                lists[unbought].append(ours / theirs)
                what = "without what was bought" if unbought else "of all items"
                print(f"  {weighting} lists {what}: ours {ours:.1f} s, implicit {theirs:.1f} s")
                if len(lists[unbought]) == 1:
                    compare(known, table, *arrays, unbought)
        print(
            f"  {weighting}, ours / implicit {version('implicit')}: fit {median(fits):.2f}, "
            f"lists {median(lists[False]):.2f}, without what was bought {median(lists[True]):.2f}",
            flush=True,
        )


def compare(
    known: Interactions, table: pd.DataFrame, ids: np.ndarray, scores: np.ndarray, unbought: bool
) -> None:
    """Print how many lists are the same, and how often each filter fails."""
    row = known.rows_of(table["customer_id"])
    item = known.columns_of(table["item_id"])
    ours = np.full(ids.shape, -np.inf)
    ours[row, table["rank"] - 1] = table["score"]
    filled = (scores > 0).all(axis=1)
    same = np.isclose(ours[filled], scores[filled], rtol=1e-4).all(axis=1)
    print(f"    {same.sum():,} of {filled.sum():,} lists that implicit filled have the same scores")
    if unbought:
        bought = known.counts
        rows = np.repeat(np.arange(len(ids)), ids.shape[1])
        leaked = np.asarray(bought[rows, np.maximum(ids.ravel(), 0)]).ravel()[ids.ravel() >= 0] > 0
        own = np.asarray(bought[row, item]).ravel() > 0
        print(f"    bought items in filtered lists: ours {own.sum():,}, implicit {leaked.sum():,}")


def some_are_out_of_stock(known: Interactions) -> None:
    """A filter of items where few candidates are left: how many items each side returns."""
    from implicit.nearest_neighbours import CosineRecommender

    few = np.arange(min(known.n_customers, 1_000))
    counts = known.counts.astype(float)
    gone = np.arange(known.n_items // 2)
    peer = CosineRecommender(K=N_NEIGHBOURS, num_threads=N_THREADS)
    peer.fit(counts, show_progress=False)
    returned = [
        len(peer.recommend(customer, counts[[customer]], N=K, filter_items=gone)[0])
        for customer in few[:100]
    ]
    model = ItemNeighbours("cosine", N_NEIGHBOURS, n_threads=N_THREADS).fit(known)
    left = known.items["item_id"].iloc[known.n_items // 2 :]
    table = model.recommend(known.customers["customer_id"].iloc[:100], k=K, available=left)
    sizes = table.groupby("customer_id").size()
    wrong = (~table["item_id"].isin(left)).sum()
    print(
        f"  half of the items gone, {K} asked for: ours {sizes.min()} to {sizes.max()}, {wrong} of "
        f"them gone; implicit {min(returned)} to {max(returned)}",
        flush=True,
    )


def alone(name: str, known: Interactions) -> None:
    """The fit of one model, and all lists."""
    before = peak()
    fit, model = timed(ALONE[name]().fit, known)
    after_fit = peak()
    lists, table = timed(model.recommend, k=K)
    print(
        f"  {name}: fit {fit:.0f} s, peak memory {after_fit:.2f} GB ({before:.2f} GB before it); "
        f"{len(table):,} slots in {lists:.0f} s, peak memory {peak():.2f} GB",
        flush=True,
    )


def peak() -> float:
    """Most memory that this process ever held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    """All sections."""
    warnings.filterwarnings("ignore", module="implicit")
    parser = argparse.ArgumentParser(description="Recommendation, timed beside implicit.")
    parser.add_argument("--small", action="store_true", help="a hundredth of the size")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        with asked.read.open("rb") as file:
            section(asked.only[0], pickle.load(file))
        return
    seconds, known = timed(purchases, 100 if asked.small else 1)
    print(f"{known}; made and read in {seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.pickle"
        with path.open("wb") as file:
            pickle.dump(known, file, protocol=5)
        del known
        for name in asked.only:
            command = [sys.executable, __file__, "--read", str(path), "--only", name]
            subprocess.run(command, check=True, env=os.environ | ONE_THREAD)


def section(name: str, known: Interactions) -> None:
    """One section, in a process of its own."""
    print(name, flush=True)
    if name in ALONE:
        alone(name, known)
        return
    neighbours(known)
    some_are_out_of_stock(known)
    print(f"  peak memory of both sides {peak():.2f} GB", flush=True)


if __name__ == "__main__":
    main()
