"""Which edits are run: a sample that changes from day to day, or all of them.

`REFKIT_SAMPLE=all` runs every edit, `REFKIT_SAMPLE=20250101` the sample of that number.
"""

import datetime
import os
import random

SAMPLE = os.environ.get("REFKIT_SAMPLE", str(datetime.date.today().toordinal()))


def chosen(edits, name: str) -> list:
    """All of `edits`, or one of them."""
    edits = list(edits)
    return edits if SAMPLE == "all" else [random.Random(f"{SAMPLE} {name}").choice(edits)]
