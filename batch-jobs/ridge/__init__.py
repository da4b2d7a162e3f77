"""The ridge family: one-dimensional data, six ridge regressions, and the best of them."""
