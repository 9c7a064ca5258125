"""What was seen: prediction logs, windows, sketches, scores and comparisons."""
