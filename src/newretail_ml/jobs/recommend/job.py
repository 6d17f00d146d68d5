"""Slates for a whole chain, from source to target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from newretail_ml.jobs.batch import Batch, Prepare
from newretail_ml.jobs.manifest import Manifest
from newretail_ml.jobs.recommend.fitting import (
    TWO_STAGE,
    brought_up_to_date,
    check_recommender,
    fitted_on,
)
from newretail_ml.jobs.recommend.histories import MOST_LINES, Histories
from newretail_ml.jobs.recommend.large import LARGE_TABLES, whole_tables
from newretail_ml.jobs.recommend.model import SavedRecommender
from newretail_ml.jobs.recommend.stock import offer_of
from newretail_ml.jobs.recommend.task import RecommendTask, Slots
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.task import Task
from newretail_ml.tables import SourceMapping


@dataclass(frozen=True)
class RecommendJob:
    """Slates of all customers of a chain.

    A standard model is fitted once, on all customers where memory takes them; a saved one gets
    the histories of all customers until now. Where there are too many, the model learns from the
    first partitions, and each partition brings its own histories to it.

    Where all customers are known to the model, slates do not depend on the partitions. Stock and
    prices of more than three million rows teach it nothing: they only say what can be offered.

    Args:
        model: one of `RECOMMENDERS`, or a saved model.
        slots: what a slate holds.
        in_stock: offer only what the customer's shop has on the last day of the stock table.
        seed: of a model that is fitted.
        most_lines: order lines that memory takes.
    """

    model: str | SavedRecommender = TWO_STAGE
    slots: Slots = field(default_factory=Slots)
    in_stock: bool = True
    seed: int = 0
    most_lines: int = MOST_LINES

    def run(self, batch: Batch) -> Manifest:
        """Do it.

        Args:
            batch: where from and where to.

        Raises:
            DataError: there is no such model, the source cannot be used, or the target cannot be
                written.
            PartitionsFailedError: a partition failed twice.
        """
        return self.narrowed(batch).run(self.first, self.prepared(batch))

    @property
    def first(self) -> RecommendTask:
        """The task, before its model is made."""
        if isinstance(self.model, SavedRecommender):
            return RecommendTask(self.model, self.slots)
        check_recommender(self.model)
        return RecommendTask(SavedRecommender(Path(), self.model, ""), self.slots)

    def narrowed(self, batch: Batch) -> Batch:
        """The batch, whose partitions do not hold all of the chain's stock and prices."""
        return replace(batch, leave_out=LARGE_TABLES)

    def prepared(self, batch: Batch) -> Prepare:
        """What makes the task once partitions are there."""

        def prepare(stage: Stage) -> Task:
            return self._task(batch, stage)

        return prepare

    def _task(self, batch: Batch, stage: Stage) -> RecommendTask:
        mapping = SourceMapping.of(batch.mapping)
        folders = [part.folder for part in stage.partitions]
        large = whole_tables(batch.source, mapping)
        histories = Histories(folders, large, mapping, self.most_lines)
        kept = stage.work / "model"
        if isinstance(self.model, str):
            model = fitted_on(histories, kept, self.model, seed=self.seed)
        else:
            model = brought_up_to_date(self.model, histories, kept)
        file = stage.work / "offer.parquet"
        offer = offer_of(batch.source, mapping, folders[0], file) if self.in_stock else None
        return RecommendTask(model, self.slots, offer)
