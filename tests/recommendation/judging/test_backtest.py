"""Backtests: what a model may see, who is judged, and what is said of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions, Shelf
from newretail_ml.recommendation import Popularity
from newretail_ml.recommendation.judging import backtest_recommenders, evaluate
from newretail_ml.recommendation.slates import available_items

MODELS = {"month": Popularity(28), "week": Popularity(7)}


def lines(seed: int = 0, n: int = 900, days: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    popular = rng.permutation(20)
    return pd.DataFrame(
        {
            "customer_id": [f"c{one}" for one in rng.integers(0, 40, n)],
            "item_id": [f"i{popular[int(19 * rng.random() ** 2)]}" for _ in range(n)],
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, days, n), "D"),
            "units": rng.integers(1, 4, n),
        }
    )


def chain(frame: pd.DataFrame) -> Interactions:
    rng = np.random.default_rng(1)
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(20)], "unit_cost": 1.0})
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)]})
    customers["segment"] = rng.choice(["family", "student"], 40)
    return Interactions.from_frame(frame, items=items, customers=customers)


@pytest.fixture(scope="module")
def known() -> Interactions:
    return chain(lines())


@pytest.fixture(scope="module")
def judged(known):
    return backtest_recommenders(MODELS, known, horizon_days=14, k=5, progress=False)


class Peeping(Popularity):
    """Keeps what it was shown."""

    seen: list[Interactions]

    def __init__(self, days: float = 28) -> None:
        super().__init__(days)

    def fit(self, interactions):
        self.seen.append(interactions)
        return super().fit(interactions)


def test_a_model_is_fitted_anew_on_what_was_known_at_each_cut(known, monkeypatch):
    monkeypatch.setattr(Peeping, "seen", [], raising=False)
    model = Peeping()
    cuts = ["2026-03-20", "2026-02-20"]
    result = backtest_recommenders([model], known, horizon_days=14, cuts=cuts, progress=False)
    assert [str(one.cut)[:10] for one in Peeping.seen] == ["2026-02-20", "2026-03-20"]
    assert all((one.events.time < one.cut).all() for one in Peeping.seen)
    assert not hasattr(model, "interactions_")
    assert len(result.seconds) == 2


def test_what_happens_after_the_horizon_changes_nothing(judged):
    later = lines().assign(time=pd.Timestamp("2026-05-20"), item_id="i3")
    more = chain(pd.concat([lines(), later]))
    cuts = sorted(judged.by_customer["cut"].unique())
    again = backtest_recommenders(MODELS, more, horizon_days=14, k=5, cuts=cuts, progress=False)
    shared = ["ndcg", "recall", "novelty", "coverage"]
    assert again.table()[shared].equals(judged.table()[shared])


def test_a_backtest_is_lists_at_a_cut_and_what_came_next(known, judged):
    cut = judged.by_customer["cut"].max()
    history, later = known.until(cut), known.between(cut, cut + pd.Timedelta(days=14))
    model = Popularity(7).fit(history)
    for view in ("next", "discovery"):
        lists = model.recommend(k=5, exclude_bought=view == "discovery")
        alone = evaluate({"week": lists}, later, history, 5, view=view).by_customer
        mine = judged.by_customer
        mine = mine[(mine["model"] == "week") & (mine["view"] == view) & (mine["cut"] == cut)]
        pd.testing.assert_frame_equal(mine.reset_index(drop=True), alone)


def test_what_the_shop_did_not_have_is_neither_shown_nor_missed():
    frame = lines()
    frame["location_id"] = np.where(frame["customer_id"] > "c2", "east", "west")
    known = Interactions.from_frame(frame)
    on_hand = np.ones((121, known.n_items, 2), np.float32)
    # One shop lost the best item before the last cut, the other one only after it.
    on_hand[90:, 0, 0] = 0.0
    on_hand[110:, 0, 1] = 0.0
    stocked = replace(known, shelf=Shelf(np.datetime64("2026-01-01"), on_hand))
    cut = pd.Timestamp("2026-04-11")
    sold = available_items(stocked.until(cut))
    best = known.items["item_id"].iloc[0]
    sold = sold[sold["units"] > 0]
    assert sold.loc[sold["item_id"] == best, "location_id"].tolist() == [known.locations[1]]
    assert len(sold) == 2 * known.n_items - 1

    options = {"cuts": [cut], "horizon_days": 14, "views": ["next"], "progress": False}
    found = {
        available is None: backtest_recommenders(
            [Popularity(by_group=False)], stocked, k=1, available=available, **options
        ).by_customer.set_index("customer_id")
        for available in (None, available_items)
    }
    later = known.between(cut, cut + pd.Timedelta(days=14))
    wanted = set(later.loc[later["item_id"] == best, "customer_id"])
    away = set(frame.loc[frame["location_id"] == known.locations[0], "customer_id"])
    fewer = found[True]["true_items"] - found[False]["true_items"].reindex(
        found[True].index, fill_value=0
    )
    assert set(fewer[fewer > 0].index) == wanted & away != set()
    here = sorted(wanted - away)
    assert (found[False].loc[here, "hit_rate"] == 1).all()


def test_discovery_has_no_repeats_and_fewer_true_items(judged):
    sums = judged.by_customer.groupby("view")[["true_items", "repeat_share"]].sum()
    assert sums.loc["discovery", "repeat_share"] == 0 < sums.loc["next", "repeat_share"]
    assert 0 < sums.loc["discovery", "true_items"] < sums.loc["next", "true_items"]


def test_tables_are_means_over_customers(judged):
    table = judged.table("recall", view="next")
    rows = judged.by_customer[judged.by_customer["view"] == "next"]
    means = rows.groupby("model")["recall"].mean()
    assert table["recall"].to_dict() == pytest.approx(
        {("next", name): value for name, value in means.items()}
    )
    assert table["recall"].is_monotonic_decreasing
    assert judged.best("recall") == means.idxmax()
    shown = judged.coverage.groupby(["view", "model"])["coverage"].mean()
    assert judged.table().loc[("next", "week"), "coverage"] == shown["next", "week"]


@pytest.mark.parametrize("by", ["activity", "recency", "segment"])
def test_segments_add_up_to_the_whole(judged, by):
    table = judged.by_segment(by, view="next")
    rows = judged.by_customer[judged.by_customer["view"] == "next"]
    on = ["cut", "customer_id"]
    label = rows.merge(judged.labels[[*on, by]], on=on).set_index(rows.index)[by]
    expected = rows.groupby([rows["model"], label], observed=True)["ndcg"].mean()
    found = table["ndcg"].droplevel("view")
    assert len(found) == len(expected) > 1
    assert found.to_dict() == pytest.approx(expected.to_dict())


def test_labels_of_ones_own(judged):
    ids = judged.by_customer["customer_id"].unique()
    own = pd.DataFrame({"customer_id": ids, "vip": np.arange(len(ids)) % 2 == 0})
    table = judged.by_segment("vip", view="next", labels=own)
    assert set(table.index.get_level_values("vip")) == {True, False}
    assert table.loc[("next", "week")]["customers"].sum() == len(ids)
    with pytest.raises(DataError, match="share customer_id"):
        judged.by_segment("vip", labels=pd.concat([own, own]))


@pytest.mark.parametrize("test", ["t", "randomisation"])
def test_pairs_are_compared_on_the_same_customers(judged, test):
    table = judged.compare("recall", view="next", test=test)
    (row,) = table.to_dict("records")
    wide = judged.by_customer.pivot_table("recall", ["view", "cut", "customer_id"], "model")
    difference = (wide["month"] - wide["week"])["next"]
    assert row["difference"] == pytest.approx(difference.mean())
    assert row["customers"] == difference.groupby("customer_id").ngroups
    assert row["lower"] < row["difference"] < row["upper"]
    assert row["p_holm"] == row["p_value"]
    turned = judged.compare("recall", view="next", against="week", test=test)
    assert turned["difference"].item() == -row["difference"]
    assert turned["p_value"].item() == pytest.approx(row["p_value"])


def test_the_picture_says_all_and_warns(judged):
    words = repr(judged)
    assert "2 models at 2 cuts, 5 slots" in words
    assert words.index("next:") < words.index("discovery:")
    assert "Only a trial" in words


def test_a_model_that_fails_is_named(known):
    models = {"good": Popularity(), "bad": Popularity(days=-1)}
    result = backtest_recommenders(models, known, horizon_days=14, progress=False)
    assert result.models == ["good"]
    assert "days is -1" in result.not_run["bad"]
    assert "Not judged: bad" in repr(result)
    with pytest.raises(DataError, match="no model could be judged: bad: days"):
        backtest_recommenders({"bad": Popularity(days=-1)}, known, progress=False)
    with pytest.raises(DataError, match="there is one model"):
        result.compare()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": []}, "no models"),
        ({"models": [Popularity]}, "is a class"),
        ({"models": ["popular"]}, "no Recommender"),
        ({"cuts": 30}, "do not hold"),
        ({"cuts": 0}, "cuts is 0"),
        ({"cuts": []}, "do not hold"),
        ({"cuts": ["2026-04-29"]}, "do not hold"),
        ({"cuts": ["2025-04-29"]}, "do not hold"),
        ({"cuts": ["2027-04-29"]}, "do not hold"),
        ({"cuts": ["some day"]}, "are not dates"),
        ({"horizon_days": 0}, "horizon_days is 0"),
        ({"horizon_days": np.nan}, "horizon_days is nan"),
        ({"k": 2.5}, "k is 2.5"),
        ({"views": ["later"]}, "is no view"),
        ({"views": []}, "no view"),
        ({"available": lambda history: pd.DataFrame({"units": [1]})}, r"available\.item_id"),
    ],
)
def test_bad_questions_are_refused(known, options, words):
    with pytest.raises(DataError, match=words):
        backtest_recommenders(**({"models": MODELS, "interactions": known} | options))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda one: one.table("fame"), "is no measure"),
        (lambda one: one.table(view="later"), "was not judged"),
        (lambda one: one.compare("coverage"), "is no measure"),
        (lambda one: one.compare(against="other"), "there is no model"),
        (lambda one: one.compare(test="luck"), "is no test"),
        (lambda one: one.compare(confidence=1.0), "confidence"),
        (lambda one: one.by_segment("fame"), r"labels\.fame"),
    ],
)
def test_bad_tables_are_refused(judged, asked, words):
    with pytest.raises(DataError, match=words):
        asked(judged)
