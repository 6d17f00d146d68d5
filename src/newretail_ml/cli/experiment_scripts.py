"""Experiments as scripts of a folder: a question, its answer with figures, and how to compare."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from newretail_ml.errors import DataError

_NAME = re.compile(r"(\d{3})_\w+\.py")
_ANSWER = re.compile(r"Answer \((\d{4}-\d{2}-\d{2})\): (.+)", re.DOTALL)


@dataclass(frozen=True)
class Experiment:
    """A script of the folder, as its first lines describe it.

    The script has a docstring: the question; then "Answer (YYYY-MM-DD): " and figures; then what
    the reader should know. It defines ``compare(data, quick)``, which returns anything that
    `Run.log_comparison` takes, and where that is a table ``BETTER``, and maybe ``BOUNDS``, for
    the arguments of those names. ``FILES`` tells by name which files it needs.

    Attributes:
        path: of the script.
        number: three digits.
        question: one sentence or two.
        answered: day of the answer.
        answer: with figures.
        remarks: the rest of the docstring.
    """

    path: Path
    number: str
    question: str
    answered: str
    answer: str
    remarks: str

    @classmethod
    def read(cls, path: Path) -> Experiment:
        """From the docstring; the script is not run.

        Raises:
            DataError: it is no Python, or its docstring has not that form.
        """
        try:
            words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        except (SyntaxError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path.name} is no Python script: {error}", next_step="Mend it."
            ) from None
        parts = words.split("\n\n")
        found = _ANSWER.fullmatch(parts[1]) if len(parts) > 1 else None
        if found is None:
            raise DataError(
                f"the docstring of {path.name} does not begin with a question, an empty line, "
                "and an answer",
                next_step='Begin the second paragraph with "Answer (2026-01-31): ".',
            )
        day, answer = found.groups()
        told = [" ".join(part.split()) for part in (parts[0], answer)]
        return cls(path, path.name[:3], told[0], day, told[1], "\n\n".join(parts[2:]))

    def load(self) -> ModuleType:
        """The script as a module.

        Raises:
            DataError: it defines no ``compare``.
        """
        spec = importlib.util.spec_from_file_location(f"experiment_{self.path.stem}", self.path)
        assert spec is not None and spec.loader is not None  # noqa: S101
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not callable(getattr(module, "compare", None)):
            raise DataError(
                f"{self.path.name} has no function compare(data, quick)",
                next_step="Define it, as the other experiments do.",
            )
        return module


def experiments_in(folder: Path) -> list[Experiment]:
    """The experiments of a folder by number.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.glob("*.py") if _NAME.fullmatch(path.name))
    if not paths:
        raise DataError(
            f"there is no experiment such as 001_name.py in {folder}",
            next_step="Name the folder with --folder: it is `experiments` in a clone of the "
            "repository, and no part of the installed package.",
        )
    return [Experiment.read(path) for path in paths]


def listing(experiments: Sequence[Experiment]) -> str:
    """Question and answer of each."""
    return "\n\n".join(
        f"{one.number} {one.question}\n    {one.answered}: {one.answer}" for one in experiments
    )


def overview(experiments: Sequence[Experiment]) -> str:
    """The table of `experiments/README.md`."""
    rows = [
        f"| {one.number} | {one.question} | {one.answered}: {one.answer} |" for one in experiments
    ]
    return "\n".join(["| number | question | answer |", "|---|---|---|", *rows]) + "\n"
