"""What tests of several rooms share: fakes at the boundary, samples, judges."""
