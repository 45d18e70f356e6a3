"""What your program reaches on a data set, beside the known result of the reference there."""
