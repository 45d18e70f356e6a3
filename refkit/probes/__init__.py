"""Data made up to try the parts around a model on."""
