"""Gradients and fits, against finite differences and the same steps written in NumPy."""
