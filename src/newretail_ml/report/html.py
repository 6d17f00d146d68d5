"""Small pieces of the page: figures that can be checked, tables, plots; all text is escaped."""

from __future__ import annotations

import io
import re
import warnings
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNKNOWN = "not known"
_LONGEST_ID = 24


def figure(name: str, value: float, form: str = ",.0f") -> str:
    """A number in the page, with its name and its exact value for whoever checks the page.

    >>> figure("order_value", 1234.5)
    '<span class="figure" data-figure="order_value" data-value="1234.5">1,234</span>'
    """
    shown = format(value, form) if np.isfinite(value) else UNKNOWN
    exact = repr(float(value))
    return f'<span class="figure" data-figure="{name}" data-value="{exact}">{shown}</span>'


def card(label: str, number: str, words: str) -> str:
    """A figure of the first row: what it is, the number, and what it means."""
    return (
        f'<div class="card"><p class="label">{escape(label)}</p>'
        f'<p class="number">{number}</p><p class="words">{escape(words)}</p></div>'
    )


def table(
    name: str, frame: pd.DataFrame, most: int = 20, forms: dict[str, str] | None = None
) -> str:
    """The first rows of a table in a box of its own, and how many more there are.

    Args:
        name: of the table, for whoever checks the page.
        frame: what to show, in its order; text is cut only by the reader's window.
        most: rows to show.
        forms: formats of numbers by column; by default one decimal.
    """
    if frame.empty:
        return missing("None.")
    forms = forms or {}
    numeric = {column: pd.api.types.is_numeric_dtype(frame[column]) for column in frame}
    head = "".join(
        f'<th scope="col"{_number_class(numeric[column])}>{_heading(column)}</th>'
        for column in frame
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_number_class(numeric[column])}>{_cell(value, forms.get(column, ',.1f'))}</td>"
            for column, value in zip(frame, row, strict=True)
        )
        + "</tr>"
        for row in frame.head(most).itertuples(index=False)
    )
    more = len(frame) - most
    rest = f"<p class='more'>and {more:,} more rows</p>" if more > 0 else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">'
        f'<table data-table="{name}" data-rows="{len(frame)}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{rest}"
    )


def plot(drawn: Figure, words: str) -> str:
    """A figure as part of the page, with words for those who cannot see it."""
    import matplotlib as mpl

    file = io.StringIO()
    # Text stays text, so the reader's browser has the fonts that are missing here.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": words}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawn.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    svg = re.sub(r"^.*?(?=<svg)", "", file.getvalue(), flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{_slug(words)}-", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(words)}" ', 1)
    return f'<figure class="plot">{svg}</figure>'


def missing(words: str) -> str:
    """What a section would show, if the chain had the table for it."""
    return f'<p class="missing">{escape(words)}</p>'


def _slug(words: str) -> str:
    """Words as the beginning of an id, so that the plots of one page do not share theirs."""
    return re.sub(r"\W+", "-", words.lower()).strip("-")


def _heading(column: object) -> str:
    return escape(str(column).replace("_", " "))


def _number_class(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _cell(value: object, form: str) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return ""
    if isinstance(value, pd.Timestamp):
        return f'<span class="id">{value:%Y-%m-%d}</span>'
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return format(float(value), form)
    text = escape(str(value))
    return f'<span class="id">{text}</span>' if len(text) <= _LONGEST_ID else text
