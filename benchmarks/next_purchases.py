"""All recommenders on UCI Online Retail, by the protocol that the figures of the README follow.

Lines with a customer and units above zero; an event is a customer, an order and an item. History
before 2011-11-11, truth the 28 days after: next purchases with nothing left out, and discoveries,
which were never bought before. Defaults; no setting was chosen on these four weeks.

The data is looked for in the folder that the first argument names, or in ../shared/data.
"""

import sys
from pathlib import Path

import pandas as pd

from newretail_ml import Interactions
from newretail_ml.recommendation import (
    EASE,
    AlternatingLeastSquares,
    BasketComplements,
    BayesianPersonalizedRanking,
    DueDate,
    ItemNeighbours,
    PersonalFrequency,
    Popularity,
    TifuKnn,
    TwoStageRanker,
    backtest_recommenders,
)

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
CUT = "2011-11-11"
NAMES = {
    "CustomerID": "customer_id",
    "StockCode": "item_id",
    "InvoiceNo": "order_id",
    "InvoiceDate": "time",
    "Quantity": "units",
    "UnitPrice": "unit_price",
}
MODELS = [
    TwoStageRanker(),
    PersonalFrequency(),
    TifuKnn(),
    DueDate(),
    AlternatingLeastSquares(),
    EASE(),
    ItemNeighbours(),
    BayesianPersonalizedRanking(),
    Popularity(),
    BasketComplements(),
]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    lines = pd.read_parquet(folder / "online_retail.parquet")
    lines = lines[lines["CustomerID"].notna() & (lines["Quantity"] > 0)]
    known = Interactions.from_frame(lines.rename(columns=NAMES)[list(NAMES.values())])
    judged = backtest_recommenders(MODELS, known, cuts=[CUT])
    figures = ["customers", "ndcg", "ndcg_error", "recall", "recall_error"]
    print(judged.table()[figures].round(4).to_string())


if __name__ == "__main__":
    main()
