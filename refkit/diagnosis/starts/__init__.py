"""How a program's parameters begin, beside how the reference's do."""
