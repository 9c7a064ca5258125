"""The demonstration: real data, a real model, a year watched in a minute."""
