"""What it looks like: ledger values in, tables and JSON out; no I/O."""
