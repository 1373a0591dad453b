"""A trained model in other formats and types."""
