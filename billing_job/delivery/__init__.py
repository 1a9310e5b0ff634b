"""Documents on their way to clients."""
