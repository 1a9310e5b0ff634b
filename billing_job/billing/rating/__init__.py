"""What each transaction costs its client."""
