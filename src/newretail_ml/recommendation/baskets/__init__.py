"""The next basket: personal frequency, like customers, due dates and complements."""

from newretail_ml.recommendation.baskets.complements import BasketComplements
from newretail_ml.recommendation.baskets.due_date import DueDate
from newretail_ml.recommendation.baskets.personal_frequency import PersonalFrequency
from newretail_ml.recommendation.baskets.tifu_knn import TifuKnn

__all__ = ["BasketComplements", "DueDate", "PersonalFrequency", "TifuKnn"]
