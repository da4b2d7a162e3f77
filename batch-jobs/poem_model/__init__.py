"""The poem_model family: a small language model that learns from the poems of one form."""
