"""A result in two parts, as a job leaves it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest

Save = Callable[..., list[Path]]

RESULT = pd.DataFrame(
    {
        "item_id": ["0007", "8", "a 'b' \"c\", d"],
        "units": [1.0, 0.1 + 0.2, None],
        "packs": pd.array([1, None, 3], dtype="Int64"),
        "identified": [True, False, True],
        "date": pd.to_datetime(["2026-05-01", "2026-05-02", None]).as_unit("us"),
        "time": pd.to_datetime(
            ["2026-05-01 00:00:00", "2026-05-02 13:45:00", "2026-05-02 23:59:59"]
        ).as_unit("us"),
        "why": ["售罄", None, "two\nlines"],
    }
)


@pytest.fixture
def result() -> pd.DataFrame:
    return RESULT.copy()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes frames as parts of a result."""
    made = iter(range(1000))

    def saved(frames: Sequence[pd.DataFrame]) -> list[Path]:
        paths = []
        for frame in frames:
            paths.append(tmp_path / "parts" / f"{next(made)}.parquet")
            paths[-1].parent.mkdir(exist_ok=True)
            frame.to_parquet(paths[-1], index=False)
        return paths

    return saved


@pytest.fixture
def parts(save: Save, result: pd.DataFrame) -> list[Path]:
    return save([result.iloc[:2], result.iloc[:0], result.iloc[2:]])
