"""What a person writes, and what it means; ends in the intermediate representation."""
