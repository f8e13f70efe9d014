"""Studies: a plan of cells, the executors that run it, the journal that keeps it."""
