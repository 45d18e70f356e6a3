"""What the values of options look like, read from the command line."""

import re

from refkit.errors import RefkitError


def one_of(option: str, value: str, names) -> str:
    """`value` if it is among `names`."""
    if value not in names:
        raise RefkitError(
            f"option `{option}` was given `{value}`: give one of {', '.join(f'`{name}`' for name in names)}"
        )
    return value


def whole_number(option: str, value: str, least: int = 1) -> int:
    if not re.fullmatch(r"\d+", value) or int(value) < least:
        raise RefkitError(f"option `{option}` was given `{value}`: give a whole number from {least}")
    return int(value)


def whole_numbers(option: str, value: str, most: int, least: int = 1) -> tuple[int, ...]:
    """`32-64` as `(32, 64)`; `none` as `()` where no number at all is allowed."""
    if value == "none" and least == 0:
        return ()
    parts = value.split("-")
    if len(parts) > most or not all(re.fullmatch(r"[1-9]\d*", part) for part in parts):
        raise RefkitError(
            f"option `{option}` was given `{value}`: give {max(least, 1)} to {most} whole numbers as in `32-64`"
            + (", or `none`" if least == 0 else "")
        )
    return tuple(map(int, parts))


def real_number(option: str, value: str, low: float = float("-inf"), high: float = float("inf")) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise RefkitError(
            f"option `{option}` was given `{value}`: give a number"
            + (f" from {low:g} to {high:g}" if high != float("inf") else "")
        )
    return number
