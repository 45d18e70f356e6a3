"""Run a reference's experiments again, seed by seed, and keep the known results.

python scripts/reproduce.py lenet --data mnist --seeds 20
"""

import sys

try:
    from refkit.commands.reproduce import reproduce
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    reproduce()
