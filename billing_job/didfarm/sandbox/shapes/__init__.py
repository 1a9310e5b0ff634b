"""The supplier as it may really be: the same wallet in the shapes that a live answer may have."""
