"""Blocks and partitions: stable, and nested."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.jobs.blocks import BLOCKS, block_of, blocks_of, partition_of

IDS = pd.Series([f"item_{number}" for number in range(500)])


def test_the_same_on_any_machine():
    assert block_of(pd.Series(["00123", "tea", None, "\u8336"]), 1000).tolist() == [
        759,
        704,
        0,
        507,
    ]


@pytest.mark.parametrize("partitions", [1, 2, 3, 5, 15, 16])
def test_partitions_are_made_of_whole_blocks(partitions):
    together = pd.DataFrame(
        {"block": block_of(IDS, BLOCKS), "partition": partition_of(IDS, partitions)}
    )
    pairs = together.drop_duplicates().sort_values("block")
    assert pairs["block"].is_unique
    assert pairs["partition"].is_monotonic_increasing
    assert pairs["partition"].nunique() == partitions


def test_more_partitions_than_blocks_are_blocks_of_their_own():
    assert blocks_of(40) == 40
    assert (partition_of(IDS, 40) == block_of(IDS, 40)).all()
    counts = np.bincount(partition_of(IDS, 40))
    assert counts.max() < 4 * counts.mean()
