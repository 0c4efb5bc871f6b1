"""Performance tests of devices: images of a phantom to quantities, or to the reason why there are none."""
