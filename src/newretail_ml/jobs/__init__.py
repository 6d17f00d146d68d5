"""Batch jobs over partitions of whole series: restartable, on one process, many, or Spark."""

from newretail_ml.jobs.batch import Batch
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.engines import Engine, WorkerLostError, local, pool, spark
from newretail_ml.jobs.forecast import ForecastTask
from newretail_ml.jobs.manifest import Manifest, PartitionsFailedError, Receipt
from newretail_ml.jobs.models import SavedModel, StandardModel
from newretail_ml.jobs.partitions import Partition, Split, split
from newretail_ml.jobs.running import Stage, run_partitions
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.task import Answer, Task

__all__ = [
    "Answer",
    "Batch",
    "Demand",
    "Engine",
    "ForecastTask",
    "Manifest",
    "Partition",
    "PartitionsFailedError",
    "Receipt",
    "SavedModel",
    "SeriesOf",
    "Split",
    "Stage",
    "StandardModel",
    "Task",
    "WorkerLostError",
    "local",
    "pool",
    "run_partitions",
    "spark",
    "split",
]
