"""The figure that `newretail_ml.plots` returns; imported when the first one is drawn."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure


class Chart(Figure):
    """A figure without a window that notebooks show all the same."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()
