"""What runs: Prefect flows, and the plain steps that they share with a replay."""
