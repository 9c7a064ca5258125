"""Who is told: messages, channels, and delivery from the outbox."""
