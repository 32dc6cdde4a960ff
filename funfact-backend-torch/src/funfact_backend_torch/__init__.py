"""The torch backend of FunFact."""
