"""Pages of the performance tests."""
