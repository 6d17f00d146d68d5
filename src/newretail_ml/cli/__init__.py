"""The ``newretail`` command; its subcommands are the batch jobs."""

from newretail_ml.cli.main import main

__all__ = ["main"]
