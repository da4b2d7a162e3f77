"""A job family for tests: jobs that do what the input says."""
