"""Options of a mapping's tables, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from newretail_ml.errors import DataError


def known_options(kind: type[Any], options: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The options, if a dataclass has a field for each of them.

    Args:
        kind: the dataclass.
        options: by name.
        place: where they stand, in words.

    Raises:
        DataError: it has no such field.
    """
    allowed = [field.name for field in fields(kind)]
    unknown = [key for key in options if key not in allowed]
    if unknown:
        raise DataError(
            f"{place} has unknown keys: {', '.join(unknown)}",
            next_step=f"Use only {', '.join(allowed)}.",
        )
    return options
