"""What people type and see: the `muster` command."""
