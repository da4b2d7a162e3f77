"""The ctr family: click-through rates from hashed features, in one pass over the data."""
