"""What was found, and how it is shown: in a terminal, as JSON, as a page of both programs."""
