"""Both programs side by side, line by line."""

from rich.table import Table
from rich.text import Text

from refkit.report.finding import LinePair
from refkit.report.numerals import short_type

AGREE = {True: "yes", False: "no", None: "—"}
AGREE_STYLES = {True: "green", False: "bold red", None: "dim"}


def lines_table(pairs: tuple[LinePair, ...], target: str, reference: str) -> Table:
    """One row a line of the user's, with the reference's line beside it, the value's type, and whether they agree.

    Args:
        target: heads the user's column.
        reference: heads the reference's.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("", justify="right", no_wrap=True)
    table.add_column(Text(target), overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column(Text(reference), overflow="fold")
    table.add_column("value", no_wrap=True)
    table.add_column("agree", no_wrap=True)
    for pair in pairs:
        value = "" if pair.shape is None or pair.dtype is None else short_type(pair.dtype, pair.shape)
        cells = (number(pair.line), pair.source, number(pair.reference_line), pair.reference_source, value)
        table.add_row(*map(Text, cells), AGREE[pair.agree], style=AGREE_STYLES[pair.agree])
    return table


def number(line: int | None) -> str:
    return "" if line is None else str(line)
