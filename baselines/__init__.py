"""The floors to beat: simple answers, one file each, fitted by `baseline.fit(inputs, targets)(inputs)`."""
