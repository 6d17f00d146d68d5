"""Markdown: what to charge while stock runs out of time."""

from newretail_ml.pricing.markdown.bernoulli import BernoulliSeason, bernoulli_season
from newretail_ml.pricing.markdown.season import SeasonPrices, exponential_season, season_on_grid

__all__ = [
    "BernoulliSeason",
    "SeasonPrices",
    "bernoulli_season",
    "exponential_season",
    "season_on_grid",
]
