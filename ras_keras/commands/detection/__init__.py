"""What detect.py does: training, evaluation, prediction, export."""
