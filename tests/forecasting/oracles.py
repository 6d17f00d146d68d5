"""The metrics once more, as loops over series and periods that a reader can check by eye."""

import math


def slow_rmsse(actual, forecast, history):
    return [
        _root(_over(_mean(_squares(one, other)), _mean(_squares(past[1:], past[:-1]))))
        for one, other, past in zip(actual, forecast, history, strict=True)
    ]


def slow_mase(actual, forecast, history, season):
    return [
        _over(_mean(_gaps(one, other)), _mean(_gaps(past[season:], past[:-season])))
        for one, other, past in zip(actual, forecast, history, strict=True)
    ]


def slow_wape(actual, forecast):
    gaps = units = 0.0
    for true, said in _known_pairs(actual, forecast):
        gaps += abs(true - said)
        units += true
    return _over(gaps, units)


def slow_bias(actual, forecast):
    surplus = units = 0.0
    for true, said in _known_pairs(actual, forecast):
        surplus += said - true
        units += true
    return _over(surplus, units)


def slow_quantile_loss(actual, paths, levels):
    loss = units = 0.0
    for true, drawn in _known_draws(actual, paths):
        units += true
        for level in levels:
            said = slow_quantile(drawn, level)
            short, long = max(true - said, 0.0), max(said - true, 0.0)
            loss += 2 * (level * short + (1 - level) * long) / len(levels)
    return _over(loss, units)


def slow_coverage(actual, paths, share):
    inside = [_is_central(true, drawn, share) for true, drawn in _known_draws(actual, paths)]
    return sum(inside) / len(inside) if inside else math.nan


def slow_total_coverage(actual, paths, share, periods):
    inside = []
    for series, drawn in zip(actual, paths, strict=True):
        true = sum(float(units) for units in series[:periods])
        totals = [sum(float(units) for units in path[:periods]) for path in drawn]
        if not math.isnan(true):
            inside.append(_is_central(true, totals, share))
    return sum(inside) / len(inside) if inside else math.nan


def slow_quantile(values, level):
    """Linear between order statistics, the first at level 0 and the last at level 1."""
    ordered = sorted(float(value) for value in values)
    place = level * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _is_central(true, drawn, share):
    low, high = slow_quantile(drawn, (1 - share) / 2), slow_quantile(drawn, (1 + share) / 2)
    return low <= true <= high


def _known_pairs(actual, forecast):
    for one, other in zip(actual, forecast, strict=True):
        for true, said in zip(one, other, strict=True):
            if not math.isnan(true):
                yield float(true), float(said)


def _known_draws(actual, paths):
    for series, drawn in zip(actual, paths, strict=True):
        for period, true in enumerate(series):
            if not math.isnan(true):
                yield float(true), [float(path[period]) for path in drawn]


def _squares(one, other):
    return [gap**2 for gap in _gaps(one, other)]


def _gaps(one, other):
    gaps = [abs(float(a) - float(b)) for a, b in zip(one, other, strict=True)]
    return [gap for gap in gaps if not math.isnan(gap)]


def _mean(values):
    return sum(values) / len(values) if values else math.nan


def _over(above, below):
    return above / below if below > 0 else math.nan


def _root(value):
    return math.sqrt(value) if not math.isnan(value) else math.nan
