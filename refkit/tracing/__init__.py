"""Programs executed step by step: every value, the line of the file it comes from, and what fed it."""
