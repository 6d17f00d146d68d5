"""Markdown: what to charge while stock runs out of time."""

from newretail_ml.pricing.markdown.bernoulli import BernoulliSeason, bernoulli_season
from newretail_ml.pricing.markdown.markdown_plan import MarkdownPlan
from newretail_ml.pricing.markdown.plan import plan_markdowns
from newretail_ml.pricing.markdown.rules import MarkdownRules
from newretail_ml.pricing.markdown.season import SeasonPrices, exponential_season, season_on_grid

__all__ = [
    "BernoulliSeason",
    "MarkdownPlan",
    "MarkdownRules",
    "SeasonPrices",
    "bernoulli_season",
    "exponential_season",
    "plan_markdowns",
    "season_on_grid",
]
