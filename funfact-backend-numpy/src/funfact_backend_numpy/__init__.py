"""The numpy backend of FunFact."""
