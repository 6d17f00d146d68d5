"""What each table of a chain holds: columns, kinds, keys, and what a missing table costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newretail_ml import columns as c

EVERYWHERE: Final = "all"
"""The location or channel of a chain that does not tell its locations or channels apart."""


class Kind(StrEnum):
    """How the values of a column are read."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "0 or 1"
    TIME = "time"
    DAY = "date"


@dataclass(frozen=True)
class Field:
    """One column of a table.

    Args:
        name: the library's name of the column.
        kind: how its values are read.
        required: whether the column must be there.
        nullable: whether single values may be missing.
        default: the constant that stands for an absent column.
        least: the smallest value allowed.
        above: a value that all values must exceed.
        choices: the only texts allowed.
        refers: the table whose ids the values must be among, where that table is given.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    default: str | None = None
    least: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    refers: str | None = None


@dataclass(frozen=True)
class TableSchema:
    """One table of the chain.

    Args:
        name: the table's name, and the name of its file.
        fields: its columns.
        key: the columns that, as far as they are there, name a row; empty where rows may repeat.
        keeps_extra: whether unknown columns stay, as static attributes.
        absence: what it means when the table is not given.
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    keeps_extra: bool = False
    absence: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return tuple(field.name for field in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that must be there."""
        return tuple(field.name for field in self.fields if field.required)


def _required(
    name: str, kind: Kind, *, least: float | None = None, refers: str | None = None
) -> Field:
    return Field(name, kind, required=True, nullable=False, least=least, refers=refers)


def _place(name: str, *, default: str | None = None, refers: str | None = None) -> Field:
    return Field(name, Kind.ID, nullable=False, default=default, refers=refers)


_ITEMS = TableSchema(
    "items",
    (
        _required(c.ITEM, Kind.ID),
        Field(c.CATEGORY, Kind.TEXT),
        Field(c.SUBCATEGORY, Kind.TEXT),
        Field(c.BRAND, Kind.TEXT),
        Field(c.UNIT_COST, Kind.NUMBER, least=0),
        Field(c.PACK_SIZE, Kind.NUMBER, above=0),
        Field(c.SHELF_LIFE, Kind.NUMBER, least=0),
        Field(c.LAUNCH_DATE, Kind.DAY),
        Field(c.DELISTING_DATE, Kind.DAY),
    ),
    key=(c.ITEM,),
    keeps_extra=True,
    absence="categories, costs, pack sizes, shelf lives, launches and delistings are unknown",
)

_LOCATIONS = TableSchema(
    "locations",
    (
        _required(c.LOCATION, Kind.ID),
        Field(c.KIND, Kind.TEXT, choices=("store", "online", "warehouse")),
        Field(c.REGION, Kind.TEXT),
    ),
    key=(c.LOCATION,),
    keeps_extra=True,
    absence="stores, online shops and warehouses cannot be told apart, nor grouped by region",
)

_CUSTOMERS = TableSchema(
    "customers",
    (
        _required(c.CUSTOMER, Kind.ID),
        Field(c.SEGMENT, Kind.TEXT),
        Field(c.HOME_LOCATION, Kind.ID),
        Field(c.FAVOURITE_CHANNEL, Kind.ID),
        Field(c.JOINED, Kind.DAY),
    ),
    key=(c.CUSTOMER,),
    keeps_extra=True,
    absence="customers are known by their order lines alone",
)

_STOCK = TableSchema(
    "stock",
    (
        _required(c.DATE, Kind.DAY),
        _place(c.LOCATION, default=EVERYWHERE, refers="locations"),
        _required(c.ITEM, Kind.ID, refers="items"),
        _required(c.ON_HAND, Kind.NUMBER),
    ),
    key=(c.DATE, c.LOCATION, c.ITEM),
    absence="stock-outs are unknown, every zero counts as no demand",
)

_PRICES = TableSchema(
    "prices",
    (
        _required(c.DATE, Kind.DAY),
        _required(c.ITEM, Kind.ID, refers="items"),
        _place(c.LOCATION, refers="locations"),
        _place(c.CHANNEL),
        _required(c.PRICE, Kind.NUMBER, least=0),
        Field(c.REGULAR_PRICE, Kind.NUMBER, least=0),
        Field(c.PROMOTION, Kind.FLAG),
    ),
    key=(c.DATE, c.ITEM, c.LOCATION, c.CHANNEL),
    absence="prices and promotions to come are unknown, so forecasts do not respond to them",
)

_EVENTS = TableSchema(
    "events",
    (
        _required(c.DATE, Kind.DAY),
        _required(c.EVENT, Kind.TEXT),
        Field(c.LOCATION, Kind.ID, refers="locations"),
        Field(c.REGION, Kind.TEXT),
    ),
    absence="no festivals or local events beyond public holidays",
)

_ORDERS = TableSchema(
    "orders",
    (
        _required(c.ORDER, Kind.ID),
        _required(c.TIME, Kind.TIME),
        _place(c.CHANNEL, default=EVERYWHERE),
        _place(c.LOCATION, default=EVERYWHERE, refers="locations"),
        Field(c.CUSTOMER, Kind.ID),
        _required(c.ITEM, Kind.ID, refers="items"),
        _required(c.UNITS, Kind.NUMBER),
        _required(c.UNIT_PRICE, Kind.NUMBER, least=0),
    ),
)

ORDERS: Final = "orders"

SCHEMAS: Final[Mapping[str, TableSchema]] = {
    schema.name: schema
    for schema in (_ITEMS, _LOCATIONS, _CUSTOMERS, _STOCK, _PRICES, _EVENTS, _ORDERS)
}
"""All tables, those that others refer to first."""
