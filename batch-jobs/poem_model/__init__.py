"""The poem_model family: a small language model, trained on the poems of one form."""
