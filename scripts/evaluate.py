"""Say what a test error is made of, and which part to work on first.

python scripts/evaluate.py predictions.csv --irreducible 0.01
"""

import sys

try:
    from refkit.commands.evaluate import evaluate
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    evaluate()
