"""Backtests of real sets: their recorded traffic, one estimator each, and one policy for all."""
