"""The commands; the only home of the clock, the environment, the terminal and exit codes."""
