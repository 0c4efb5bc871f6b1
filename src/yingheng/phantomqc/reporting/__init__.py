"""Reports of performance tests: one test as a hospital files it, and the year of a device."""
