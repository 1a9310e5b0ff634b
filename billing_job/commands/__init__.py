"""The commands, each in the module of its name; each imports what it needs only when it runs."""
