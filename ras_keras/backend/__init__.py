"""What this package needs of Keras, TensorFlow and the machine, where nothing public gives it."""
