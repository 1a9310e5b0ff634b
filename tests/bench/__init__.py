"""The benchmarks: ours beside rivals on the same data, in turn; run by `make bench`, never by the suite."""
