"""The jobs of poem-model. What takes long to load is imported where it is used."""
