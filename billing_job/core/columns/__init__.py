"""Columns of frames: the schema between stages, and the vector machinery on Arrow and NumPy."""
