"""What was promised: policy files, and the pure decisions that follow from them."""
