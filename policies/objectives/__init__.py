"""One pure function per objective: measured numbers and a target in, a verdict on the objective out."""
