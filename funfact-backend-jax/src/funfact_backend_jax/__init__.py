"""The jax backend of FunFact."""
