"""Five models whose team lets Muster act: what befalls them, who answers, and what the ledger tells of it."""
