"""A stand-in for the supplier, who has no sandbox: a seeded world, served over real HTTP as the guide says."""
