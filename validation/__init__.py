"""Problems whose answers are known: ``python -m validation``, from the root of the checkout."""
