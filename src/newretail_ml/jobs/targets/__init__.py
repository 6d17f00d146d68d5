"""Where results of jobs go: a file, a folder of Parquet files, DuckDB, or any SQL database."""

from newretail_ml.jobs.targets.address import shown_target
from newretail_ml.jobs.targets.writing import check_target, write_result

__all__ = ["check_target", "shown_target", "write_result"]
