"""What a program's own training steps do, beside the reference's."""
