"""A job family for the end-to-end tests."""
