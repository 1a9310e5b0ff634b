"""One month from lock to exit code: the stages in order, the checks between them, the folder."""
