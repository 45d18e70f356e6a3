"""Name the first line of a program that departs from a reference.

python scripts/compare.py my.py --reference lenet
"""

import sys

try:
    from refkit.cli import compare
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    compare()
