"""How much a purchase says about an item: cosine, TF-IDF and BM25."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Weighting = Literal["cosine", "tfidf", "bm25"]


def weighted(
    counts: csr_matrix, weighting: Weighting, saturation: float, length: float
) -> csr_matrix:
    """Counts as weights, such that the product of two columns is the likeness of two items.

    Sources: cosine, Sarwar et al. (2001), "Item-based collaborative filtering recommendation
    algorithms"; BM25, Robertson and Zaragoza (2009), "The probabilistic relevance framework",
    equation 3.15, with customers as terms and items as documents.

    Args:
        counts: (customers, items) orders with the item.
        weighting: "cosine": counts over the length of the item's column. "tfidf": roots of counts
            times the customer's rarity, over that length. "bm25": counts that saturate, times the
            customer's rarity. The more items customers buy, the less each of them says.
        saturation: BM25's k1: how slowly further orders stop to count.
        length: BM25's b, 0 to 1: how much less an order counts of an item that sells often.

    Raises:
        DataError: there is no such weighting, or a number is out of range.
    """
    if weighting not in get_args(Weighting):
        raise DataError(
            f"{weighting!r} is no weighting of item neighbours",
            next_step=f"Choose one of {', '.join(get_args(Weighting))}.",
        )
    check_number("saturation", saturation)
    check_number("length", length, at_most=1.0)
    weights = counts.astype(np.float64)
    sold = max(len(np.unique(weights.indices)), 1)
    if weighting == "tfidf":
        np.sqrt(weights.data, out=weights.data)
    if weighting == "bm25":
        orders = np.bincount(weights.indices, weights.data, minlength=weights.shape[1])
        slowness = saturation * (1.0 - length + length * orders / max(orders.sum() / sold, 1e-300))
        weights.data *= (saturation + 1.0) / (slowness[weights.indices] + weights.data)
    if weighting != "cosine":
        bought = np.diff(weights.indptr)
        rarity = np.log(sold) - np.log1p(bought)
        weights.data *= np.repeat(rarity, bought)
    if weighting != "bm25":
        square = np.bincount(weights.indices, weights.data**2, minlength=weights.shape[1])
        norm = np.sqrt(np.where(square > 0, square, 1.0))
        weights.data /= norm[weights.indices]
    return weights
