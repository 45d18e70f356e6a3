"""One that remembers what `reproduce` tells it."""


class Watched:
    def __init__(self):
        self.finished, self.wanted = [], None

    def begin(self, seeds, had):
        self.wanted = seeds

    def went_on(self, seed, share):
        pass

    def ended(self, seed, run):
        self.finished.append(seed)
