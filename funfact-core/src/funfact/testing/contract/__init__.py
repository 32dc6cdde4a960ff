"""The members of the contract, one by one, against NumPy and the standard library."""
