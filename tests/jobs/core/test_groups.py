"""Demand of groups over very many partitions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.jobs.groups import GroupDemand


def test_sums_of_many_partitions_are_those_of_all_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    files, rows = [], []
    for partition in range(150):
        group = ["a", "b"] if partition < 140 else ["c"]
        names = pd.MultiIndex.from_product([["category"], group, range(3)]).to_frame(index=False)
        part = names.set_axis(["by", "group", "period"], axis=1).assign(
            total=rng.integers(0, 100, len(names)).astype(float),
            count=rng.integers(0, 3, len(names)).astype(float),
        )
        files.append(tmp_path / f"{partition}.parquet")
        part.to_parquet(files[-1], index=False)
        rows.append(part)
    found = GroupDemand.added_up(files, tmp_path).read()["category"]
    sums = pd.concat(rows).groupby(["group", "period"])[["total", "count"]].sum()
    expected = (sums["total"] / sums["count"]).to_numpy().reshape(3, 3)
    assert list(found.index) == ["a", "b", "c"]
    np.testing.assert_array_equal(found.to_numpy(), expected)


@pytest.mark.parametrize("partitions", [1, 64, 65])
def test_no_partition_counts_twice(tmp_path: Path, partitions: int) -> None:
    part = pd.DataFrame({"by": "chain", "group": "", "period": [0, 1], "total": 6.0, "count": 2.0})
    file = tmp_path / "part.parquet"
    part.loc[1, "count"] = 0.0
    part.to_parquet(file, index=False)
    found = GroupDemand.added_up([file] * partitions, tmp_path)
    np.testing.assert_array_equal(found.read()["chain"].to_numpy(), [[3.0, np.nan]])
