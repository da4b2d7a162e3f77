"""The line_count family: what it does, in a line."""
