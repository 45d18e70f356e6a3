"""What `scripts/benchmark.py` measures of refkit itself; nothing else needs it."""
