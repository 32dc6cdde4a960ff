"""An expression as people read it."""
