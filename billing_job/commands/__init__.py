"""The commands, by what a user does with them; each imports what it needs only when it runs."""
