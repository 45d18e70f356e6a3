"""Scores put to the test: examples whose right answers are known, and what a metric says of them."""
