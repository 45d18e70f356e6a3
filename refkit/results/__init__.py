"""Known results as data: one file a reference, and the statistics to judge by."""
