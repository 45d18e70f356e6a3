"""The program's own training, run once with listeners where its steps and scores stand, until they have seen enough."""
