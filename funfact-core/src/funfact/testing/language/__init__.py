"""What expressions mean, on the backend under test, against an oracle written in NumPy."""
