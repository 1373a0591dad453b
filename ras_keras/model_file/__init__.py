"""What is checked of a `.keras` file before Keras sees it."""
