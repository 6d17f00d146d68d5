"""The cost of an order on one path, unit by unit and period by period, in plain Python."""

import math


def cost_of_order(
    demand,
    units,
    *,
    arrival,
    following,
    on_hand,
    due=(),
    batches=None,
    shelf_life=math.inf,
    delisting=math.inf,
    holding,
    shortage,
    loss,
    backorders=False,
):
    """Holding and shortage from the arrival to the next one, and the loss on units wasted.

    Only units of the order, and what is left at delisting, count as wasted: what happens to older
    stock before is the same for every order.
    """
    batches = [(on_hand, shelf_life - 1)] if batches is None else list(batches)
    stock = [[size, last, False] for size, last in batches if last >= 0]
    waiting = cost = 0.0
    for period in range(len(demand)):
        stock.append([due[period] if period < len(due) else 0, period + shelf_life - 1, False])
        if period == arrival:
            stock.append([units, period + shelf_life - 1, True])
        wanted = waiting + (demand[period] if period < delisting else 0.0)
        for batch in sorted(stock, key=lambda batch: batch[1]):
            sold = min(batch[0], wanted)
            batch[0] -= sold
            wanted -= sold
        waiting = wanted if backorders else 0.0
        closing = period == delisting - 1
        cost += loss * sum(
            size for size, last, ours in stock if closing or (ours and last <= period)
        )
        stock = [] if closing else [batch for batch in stock if batch[1] > period]
        if arrival <= period < following:
            cost += holding * sum(batch[0] for batch in stock) + shortage * wanted
    return cost
