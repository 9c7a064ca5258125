"""The demonstration: a fleet of real models on real data, watched in minutes."""
