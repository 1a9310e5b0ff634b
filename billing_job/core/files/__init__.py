"""Files on a disk or in an object store, written whole; CSV read and written; the manifest."""
