"""One page for a week's decisions, to look at and to act on."""

from newretail_ml.report.weekly import Report, weekly_report

__all__ = ["Report", "weekly_report"]
