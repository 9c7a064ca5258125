"""What is known: the ledger, the stored profiles, the settings, and the model registry's versions."""
