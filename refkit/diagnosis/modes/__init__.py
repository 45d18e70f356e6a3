"""What a program does in training and not in evaluation: dropout, running statistics, examples mixed."""
