"""Performance tests of devices: phantoms recognised and analysed, tests on their day, return to service."""
