"""What to do about the leading term: advice in the field guide's order, tried where it can be, and where the errors are."""
