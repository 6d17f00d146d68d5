"""What a regression found: coefficients, how sure they are, and the rows they rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.linear import InstrumentTests


@dataclass(frozen=True, repr=False)
class Estimate:
    """Coefficients of a regression.

    Attributes:
        names: of the causes; an intercept comes first where no effects are absorbed.
        coefficients: (k,).
        covariance: (k, k) of the coefficients.
        freedom: degrees of freedom of their t statistics.
        errors: how the covariance was computed, in words.
        absorbed: effects that were taken out, redundant ones not counted.
        used: (rows of the frame,) bool, the rows that count.
        left_out: reason -> rows that do not.
        outcome: (n,) of the used rows.
        residuals: (n,) outcome less fitted.
        instruments: their tests, where there are instruments.
        warnings: what should be known before the coefficients are believed.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    freedom: int
    errors: str
    absorbed: int
    used: np.ndarray
    left_out: dict[str, int]
    outcome: np.ndarray
    residuals: np.ndarray
    instruments: InstrumentTests | None = None
    warnings: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """How many rows were used."""
        return len(self.outcome)

    @property
    def fitted(self) -> np.ndarray:
        """(n,) expected outcome of the used rows, absorbed effects included."""
        return self.outcome - self.residuals

    @property
    def standard_errors(self) -> np.ndarray:
        """(k,) of the coefficients."""
        return np.sqrt(np.diag(self.covariance))

    def __getitem__(self, name: str) -> float:
        """The coefficient of a cause."""
        if name not in self.names:
            raise DataError(
                f"there is no coefficient of {name} (there are {', '.join(self.names)})",
                next_step="Name one of these.",
            )
        return float(self.coefficients[self.names.index(name)])

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a cause: estimate, standard_error, lower, upper and p_value.

        Args:
            level: probability that the interval from lower to upper covers the truth.
        """
        from scipy.special import stdtr, stdtrit

        check_number("level", level, above=0.0, at_most=1.0)
        wide = stdtrit(self.freedom, (1 + level) / 2) * self.standard_errors
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.abs(self.coefficients / self.standard_errors)
        return pd.DataFrame(
            {
                "estimate": self.coefficients,
                "standard_error": self.standard_errors,
                "lower": self.coefficients - wide,
                "upper": self.coefficients + wide,
                "p_value": 2 * stdtr(self.freedom, -ratio),
            },
            index=pd.Index(self.names, name="cause"),
        )

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{name} {value:.4g} ({error:.2g})"
            for name, value, error in zip(
                self.names, self.coefficients, self.standard_errors, strict=True
            )
        )
        return f"{type(self).__name__}({parts}; {self.n_rows:,} rows, errors {self.errors})"
