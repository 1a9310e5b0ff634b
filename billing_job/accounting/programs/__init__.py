"""The journal as a file for each accounting program."""
