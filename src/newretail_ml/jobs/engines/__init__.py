"""Engines map a function over parts: in this process, in a pool of processes, or on Spark.

An engine knows nothing of tasks and results, and nothing else of the library knows of an engine.
"""

from newretail_ml.jobs.engines.base import Engine, WorkerLostError, local
from newretail_ml.jobs.engines.process_pool import pool
from newretail_ml.jobs.engines.spark_jobs import spark

__all__ = ["Engine", "WorkerLostError", "local", "pool", "spark"]
