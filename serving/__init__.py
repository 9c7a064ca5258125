"""What answers: what a team's own service needs of Muster."""
