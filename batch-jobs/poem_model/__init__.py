"""The poem_model family: a small language model that learns from the poems of one form."""

import os

# OpenMP reads this when torch loads. By default, threads spin while they wait for one another. On a shared machine,
# a spinning thread occupies the core that another thread needs: training with two threads was fifteen times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# transformers must not contact a model hub.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
