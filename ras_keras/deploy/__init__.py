"""What is done with a trained model: fold, export, predict, bring weights in."""
