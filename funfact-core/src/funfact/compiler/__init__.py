"""From the intermediate representation to a function; knows nothing of the language."""
