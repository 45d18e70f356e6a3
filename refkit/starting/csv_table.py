"""The columns of a CSV."""

import collections
import csv
from pathlib import Path

import numpy as np
from pyarrow import ArrowException
from pyarrow import csv as arrow_csv

from refkit.errors import RefkitError
from refkit.starting.source import PATH, Columns, Source

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?"]
READ = (
    "missing = [MISSING]",
    "gaps = csv.ConvertOptions(null_values=missing, strings_can_be_null=True)",
    'form = csv.ParseOptions(delimiter="DELIMITER", newlines_in_values=True)',
    "table = csv.read_csv(Path(__file__).parent / path, parse_options=form, convert_options=gaps)",
    'table = table.filter(table["TARGET"].is_valid())  # rows without a target teach nothing',
    "columns = {name: table[name].to_numpy() for name in table.column_names}",
)


def find(path: Path, shown: str) -> Source:
    """Every column of a table with a header.

    Raises:
        RefkitError: no table, or one without a header.
    """
    delimiter = find_delimiter(path, shown)
    try:
        table = arrow_csv.read_csv(
            path,
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(null_values=MISSING, strings_can_be_null=True),
        )
    except (ArrowException, OSError) as error:
        words = " ".join(str(error).split())[:200]
        raise RefkitError(f"`{shown}` cannot be read as a CSV ({words}): mend that line, or save it anew") from error
    names = table.column_names
    twice = [name for name, count in collections.Counter(names).items() if count > 1]
    if twice:
        raise RefkitError(f"`{shown}` has two columns `{twice[0]}`: give each a name of its own")
    if all(is_number(name) for name in names):
        raise RefkitError(f"the first line of `{shown}` holds numbers: put the columns' names there")
    columns: Columns = {name: plain(table[name].to_numpy()) for name in names}
    words = ", ".join(f'"{word}"' for word in MISSING)
    sign = {"\t": "\\t"}.get(delimiter, delimiter)
    read = tuple(line.replace("DELIMITER", sign).replace("MISSING", words) for line in READ)
    needs = (PATH, "from pyarrow import csv")
    return Source(shown, f"{len(names)} columns", {"all": columns}, {"all": table.num_rows}, read, needs=needs)


def plain(values: np.ndarray) -> np.ndarray:
    """Truth values as words, so that they are categories like others."""
    if values.dtype == bool:
        return values.astype(str).astype(object)
    if values.dtype == object and any(isinstance(value, bool) for value in values):
        return np.array([None if value is None else str(value) for value in values], object)
    return values


def find_delimiter(path: Path, shown: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            head = file.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise RefkitError(f"`{shown}` cannot be read as text ({error}): save it as UTF-8") from error
    if not head.strip():
        raise RefkitError(f"`{shown}` begins with an empty line: put the columns' names there")
    try:
        return csv.Sniffer().sniff(head, delimiters=",;\t").delimiter
    except csv.Error:
        return ","


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
