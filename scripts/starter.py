"""Look at data, say which reference fits, and write that reference for it.

python scripts/starter.py penguins.csv --target species --out my_model.py
"""

import sys

try:
    from refkit.commands.starter import starter
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    starter()
