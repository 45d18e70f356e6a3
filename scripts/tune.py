"""Search hyper-parameters of a reference, or of a function `train` of your own.

python scripts/tune.py mlp --method coarse-to-fine --trials 30
python scripts/tune.py my.py:train --space learning_rate=1e-5..1e-1:log --metric accuracy
"""

import sys

try:
    from refkit.commands.tune import tune
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"error: `{missing.name}` is not installed for this Python; run `make compare` once and use .venv/bin/python\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    tune()
