"""Which values of one program occur in another, and where the first one departs."""
