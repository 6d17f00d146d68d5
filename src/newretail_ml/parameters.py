"""Parameters of a model: those of its constructor, by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

from newretail_ml.errors import DataError

Model = TypeVar("Model")


class Parameterized:
    """A class whose constructor keeps each argument as an attribute of the same name.

    >>> class Average(Parameterized):
    ...     def __init__(self, window=28):
    ...         self.window = window
    >>> Average(7), Average(7).clone().get_params()
    (Average(window=7), {'window': 7})
    """

    def get_params(self) -> dict[str, Any]:
        """The parameters of the constructor, by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def clone(self) -> Self:
        """An unfitted model with the same parameters."""
        return type(self)(**self.get_params())

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        shown = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not _same(value, defaults[name].default)
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def _same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def named_models(models: Mapping[str, Model] | Sequence[Model]) -> dict[str, Model]:
    """Models by name: those that were given, or else how each was made.

    Raises:
        DataError: there are none, or two are the same and have no names.
    """
    if not models:
        raise DataError("no models were given", next_step="Pass at least one.")
    if isinstance(models, Mapping):
        return dict(models)
    named = {repr(model): model for model in models}
    if len(named) < len(models):
        raise DataError("two models are the same", next_step="Name them: {name: model}.")
    return named
