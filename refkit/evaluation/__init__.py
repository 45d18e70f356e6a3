"""Where a test error comes from: predictions of any framework, decomposed into the terms that can be worked on."""
