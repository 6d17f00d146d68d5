"""The door: shapes, cleans and checks all tables, and notes what it did."""

from collections.abc import Mapping

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tables import rules
from newretail_ml.tables.checks import check
from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.facts import order_facts
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parsing import parsed
from newretail_ml.tables.problems import Problem, raise_first
from newretail_ml.tables.report import Action, Finding
from newretail_ml.tables.schemas import ORDERS, SCHEMAS, TableSchema
from newretail_ml.tables.shaping import Shaped, extra_columns, in_order, require_columns, shape

Step = tuple[pd.DataFrame, list[Finding]]


class NothingLeftError(DataError):
    """Cleaning left no row."""


def admit(
    frames: Mapping[str, pd.DataFrame], mapping: SourceMapping
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """The checked tables and all findings.

    Args:
        frames: the tables as they came, by the library's table names.
        mapping: how their columns are called, and the cleaning rules.

    Raises:
        DataError: a table cannot be used.
    """
    given = {name: frames[name] for name in SCHEMAS if _is_given(name, frames)}
    shaped = {name: shape(raw, SCHEMAS[name], mapping.table(name)) for name, raw in given.items()}
    names_locations = any(
        c.LOCATION in one.frame for name, one in shaped.items() if name != "events"
    )
    tables: dict[str, pd.DataFrame] = {}
    findings = _empty_tables(frames)
    for name, one in shaped.items():
        schema = SCHEMAS[name]
        if names_locations and name in (ORDERS, "stock"):
            require_columns(one.frame, schema, (c.LOCATION,), found=given[name])
        tables[name], found = _admitted(one, schema, mapping.cleaning, tables)
        findings += found
    return tables, findings + order_facts(tables, mapping.cleaning)


def _is_given(name: str, frames: Mapping[str, pd.DataFrame]) -> bool:
    frame = frames.get(name)
    return frame is not None and (name == ORDERS or len(frame) > 0)


def _empty_tables(frames: Mapping[str, pd.DataFrame]) -> list[Finding]:
    return [
        Finding(name, "empty table", 0, Action.ASSUMED, "counts as not given")
        for name in SCHEMAS
        if frames.get(name) is not None and not _is_given(name, frames)
    ]


def _admitted(
    shaped: Shaped,
    schema: TableSchema,
    cleaning: Cleaning,
    tables: Mapping[str, pd.DataFrame],
) -> Step:
    """One table through the door: defaults, cleaning, values, checks, repairs, order of rows."""
    read = Finding(schema.name, "rows read", len(shaped.frame), Action.COUNTED, "")
    frame, assumed = _with_defaults(shaped.frame, schema)
    cleaned: list[Finding] = []
    if schema.name == ORDERS:
        frame, cleaned = rules.before_check(frame, cleaning)
    _require_rows(frame, schema, len(shaped.frame))
    frame, unused = _without_unused(frame, shaped, schema)
    frame = _checked(frame, schema, cleaning, tables)
    frame, finished = _finished(frame, schema, cleaning)
    _require_rows(frame, schema, len(shaped.frame))
    kept = Finding(schema.name, "rows kept", len(frame), Action.COUNTED, "")
    return _sorted(frame, schema), [read, *assumed, *unused, *cleaned, *finished, kept]


def _with_defaults(frame: pd.DataFrame, schema: TableSchema) -> Step:
    found = []
    for field in schema.fields:
        if field.default is not None and field.name not in frame:
            frame = frame.assign(**{field.name: field.default})
            what, why = f"no {field.name}", f"{field.default!r} everywhere"
            found.append(Finding(schema.name, what, len(frame), Action.ASSUMED, why))
    if schema.name == ORDERS and c.CUSTOMER not in frame:
        frame = frame.assign(**{c.CUSTOMER: None})
    return frame, found


def _require_rows(frame: pd.DataFrame, schema: TableSchema, read: int) -> None:
    if len(frame):
        return
    if read:
        raise NothingLeftError(
            f"none of the {read:,} rows is left after cleaning",
            table=schema.name,
            next_step="Loosen the rules in [cleaning] of the mapping, item_pattern first.",
        )
    raise DataError(
        "the table has no rows",
        table=schema.name,
        next_step="Check the source; one order line is the least that is needed.",
    )


def _without_unused(frame: pd.DataFrame, shaped: Shaped, schema: TableSchema) -> Step:
    extra = [] if schema.keeps_extra else extra_columns(frame, schema)
    unused = [*shaped.unused, *extra]
    if not unused:
        return frame, []
    why = f"the library does not use them here: {', '.join(map(str, unused))}"
    found = Finding(schema.name, "extra columns", len(shaped.frame), Action.DROPPED, why)
    return frame.drop(columns=extra), [found]


def _checked(
    frame: pd.DataFrame,
    schema: TableSchema,
    cleaning: Cleaning,
    tables: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    problems: list[Problem] = []
    values = {}
    for field in schema.fields:
        if field.name in frame:
            column, unread = parsed(frame[field.name], field.kind, cleaning.timezone)
            values[field.name] = column
            problems += unread
    frame = frame.assign(**values)
    unread_columns = {problem.column for problem in problems}
    ids = {name: table[SCHEMAS[name].key[0]] for name, table in tables.items() if _has_ids(name)}
    problems += [one for one in check(frame, schema, ids) if one.column not in unread_columns]
    raise_first(problems, schema.name, frame)
    return in_order(frame, schema)


def _has_ids(table: str) -> bool:
    return len(SCHEMAS[table].key) == 1


def _finished(frame: pd.DataFrame, schema: TableSchema, cleaning: Cleaning) -> Step:
    if schema.name == ORDERS:
        return rules.after_check(frame, cleaning)
    if schema.name == "stock":
        return _without_negative_stock(frame)
    if schema.name == "prices":
        return _with_regular_prices(frame), []
    if schema.name == "items":
        _check_life(frame)
    return frame, []


def _check_life(items: pd.DataFrame) -> None:
    if not {c.LAUNCH_DATE, c.DELISTING_DATE} <= set(items):
        return
    backwards = items[c.LAUNCH_DATE] > items[c.DELISTING_DATE]
    if backwards.any():
        raise DataError(
            f"{backwards.sum():,} items are delisted before their launch",
            table="items",
            column=c.DELISTING_DATE,
            rows=items.index[backwards],
            next_step="Correct one of the two dates, or leave it empty.",
        )


def _without_negative_stock(stock: pd.DataFrame) -> Step:
    negative = stock[c.ON_HAND] < 0
    if not negative.any():
        return stock, []
    units = float(stock.loc[negative, c.ON_HAND].sum())
    why = "set to 0: sales were booked before receipts"
    found = Finding("stock", "negative stock", int(negative.sum()), Action.REPAIRED, why, units)
    return stock.assign(**{c.ON_HAND: stock[c.ON_HAND].clip(lower=0)}), [found]


def _with_regular_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """Fills a missing regular price by the price, a missing flag by what the prices say."""
    price = prices[c.PRICE]
    regular = prices.get(c.REGULAR_PRICE, price).fillna(price)
    reduced = price.lt(regular).astype("float64")
    promotion = prices.get(c.PROMOTION, reduced).fillna(reduced).astype("int64")
    return prices.assign(**{c.REGULAR_PRICE: regular, c.PROMOTION: promotion})


def _sorted(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    by = [c.TIME] if schema.name == ORDERS else [name for name in schema.key if name in frame]
    if not by or (len(by) == 1 and frame[by[0]].is_monotonic_increasing):
        return frame.reset_index(drop=True)
    return frame.sort_values(by, kind="stable", ignore_index=True)
