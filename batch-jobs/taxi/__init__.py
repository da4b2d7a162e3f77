"""The taxi family: how long rides take, from route and distance."""
