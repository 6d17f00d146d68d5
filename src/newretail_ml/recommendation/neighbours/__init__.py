"""Item neighbours: cosine, TF-IDF and BM25, with an exact search of the nearest."""

from newretail_ml.recommendation.neighbours.nearest import nearest
from newretail_ml.recommendation.neighbours.neighbours import ItemNeighbours
from newretail_ml.recommendation.neighbours.weights import Weighting, weighted

__all__ = ["ItemNeighbours", "Weighting", "nearest", "weighted"]
