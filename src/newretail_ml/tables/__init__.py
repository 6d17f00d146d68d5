"""The tables of a chain: read from anywhere, checked once, then frozen."""

from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.report import DataReport
from newretail_ml.tables.retail_tables import RetailTables

__all__ = ["Cleaning", "DataReport", "RetailTables", "SourceMapping"]
