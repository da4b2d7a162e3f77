"""The jobs of the simulator's pipelines, for the local stack. `specs.json`, beside this file, says what they do."""
