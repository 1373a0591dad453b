"""Loading saved models: what is checked of a file before Keras builds it."""
