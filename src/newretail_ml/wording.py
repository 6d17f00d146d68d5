"""Numbers in words."""


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "day"), counted(1200, "order line")
    ('1 day', '1,200 order lines')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
