"""Searching hyper-parameters with optuna: of a reference, or of a function `train` of one's own."""
