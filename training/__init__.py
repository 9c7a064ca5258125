"""How a version is learned about before it serves: importance, loss strata, calibration."""
