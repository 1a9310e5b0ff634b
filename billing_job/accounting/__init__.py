"""One balanced journal, and one small module for each accounting format written from it."""
