"""Features of customers, items and pairs of both, from interactions at their cut."""

from newretail_ml.features.affinity.features import PAIR_FEATURES, PairFeature, PairFeatures
from newretail_ml.features.affinity.members import Visits
from newretail_ml.features.affinity.pairs import Affinity, Pairs

__all__ = ["PAIR_FEATURES", "Affinity", "PairFeature", "PairFeatures", "Pairs", "Visits"]
