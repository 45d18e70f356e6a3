"""Advise on the leading term of a test error, in order, and show where the errors are.

python scripts/improve.py predictions.csv --sheet worst.png
"""

import sys

try:
    from refkit.commands.improve import improve
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    improve()
