"""The poem_model family: a small language model that learns from the poems of one form."""

import os

# Read when torch loads. Threads that spin while they wait for one another take, on a machine that others use too, the
# very core that the other one needs: with two training was fifteen times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Nothing is looked up on a model hub.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
