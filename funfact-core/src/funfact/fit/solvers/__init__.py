"""Methods of optimisation, one a file."""
