# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Champion and challenger
#
# One model decides every night: the champion. Others would like to. In this notebook two models are
# compared, one is promoted, decides, and is held to account by what sold afterwards. All of it is
# kept in MLflow, so that in half a year somebody can say which data, which model and which
# parameters an order came from.

# %%
import tempfile

import mlflow
import pandas as pd

from newretail_ml import Panel, plots, tracking
from newretail_ml.forecasting import MovingAverage, RecoveredDemand, SeasonalNaive, backtest
from newretail_ml.forecasting.smoothing import AutoExponentialSmoothing
from newretail_ml.world import ChainConfig, make_world

store = tempfile.mkdtemp()  # a folder with a SQLite file; a server's address does as well
world = make_world(ChainConfig(days=365, n_stores=2, n_items=30, n_customers=100, random_state=5))
panel = Panel.from_tables(world.tables)
past = panel.until(panel.cut - 28)  # the last four weeks are the future, for now
past

# %% [markdown]
# ## 1. A comparison, kept
#
# Each model is judged on the same folds inside the past. The tracker gets a run for each, with its
# parameters and its metrics by fold, and the fingerprint of the data.

# %%
models = {
    "last week again": SeasonalNaive(),
    "moving average": RecoveredDemand(MovingAverage()),
    "smoothing": AutoExponentialSmoothing(),
}
judged = backtest(models, past, horizon=14, folds=6, progress=False)
with tracking.run("chain", name="which model?", store=store) as run:
    run.log_data(past)
    run.log_backtest(judged, models)
judged.leaderboard()[["weighted_quantile_loss", "rmsse", "bias"]].round(3)

# %% [markdown]
# Anybody who reaches the store can ask it again, without the data and without the models
# (`newretail compare --experiment chain` does so from the command line). Beside each mean stands its
# standard error over folds, and the paired difference to the best: is it luck?

# %%
board = tracking.compare("chain", store=store)
print(board)
plots.standings_chart(board)

# %% [markdown]
# ## 2. The first champion
#
# A fitted model becomes a version in the registry. Its run says by which name it was judged; so the
# version can be found in the comparison above. The first one is champion unopposed.


# %%
def registered(name):
    """Fit a model on all of the past, and make it the next version of the chain's forecast."""
    model = models[name].clone().fit(past)
    with tracking.run("chain", name=name, store=store) as run:
        run.log_data(past)
        run.log_tags({"model": name})
        return run.log_model(model, model.forecast(28), register="chain-forecast")


print(registered("last week again"))
first = tracking.promote("chain-forecast", 1, store=store)
print(first.words)

# %% [markdown]
# ## 3. A challenger
#
# The alias moves only if the challenger is better on the same folds beyond chance.

# %%
registered("moving average")
second = tracking.promote("chain-forecast", 2, store=store)
print(second.words)

# %%
registered("smoothing")
third = tracking.promote("chain-forecast", 3, store=store)
print(third.words)
tracking.aliases("chain-forecast", store=store)

# %% [markdown]
# ## 4. The night's job asks for the champion
#
# By alias, not by name: whoever is champion answers. The answer is logged as a decision, with the
# version that made it.

# %%
champion = tracking.local_model("models:/chain-forecast@champion", store=store)
print(champion)
answer = tracking.load_local(champion.path).forecast(28).to_frame()
with tracking.run("chain", name="tonight", store=store) as run:
    run.log_data(past)
    run.log_decision(answer, model=champion, params={"horizon": 28})
    tonight = run.run_id
tracking.decision(tonight, store=store)

# %% [markdown]
# Any other process can ask the same model for the rows it needs; this is what a batch job of somebody
# else's would do.

# %%
uri = f"sqlite:///{store}/mlflow.db"
mlflow.set_tracking_uri(uri)
served = mlflow.pyfunc.load_model("models:/chain-forecast@champion")
served.predict(answer[["item_id", "location_id", "date"]].head(3))

# %% [markdown]
# ## 5. Four weeks later
#
# Now the future has come. Sales are joined to what was decided: forecast against actual, the days
# without stock apart (they only bound demand), bias and its error by week, and whether it drifts.

# %%
came = tracking.outcomes(tonight, panel, store=store)
came.by_week

# %%
plots.outcomes_chart(came)

# %%
series = came.table.groupby("item_id")[["mean", "units"]].sum().sort_values("units", ascending=False)
ax = series.head(15).plot.bar(figsize=(9, 3.4), color=["#d9822b", "#1f5a94"])
ax.set_title("Forecast and sold in four weeks, the items that sell most")
ax.set_xlabel("")

# %% [markdown]
# ## What to take home
#
# - Compare on the same data and the same folds, or do not compare: the tracker refuses to mix them.
# - Promote for a reason that is written down; most differences between decent models are noise.
# - Hold decisions to account by what sold, and leave days without stock out of it.
