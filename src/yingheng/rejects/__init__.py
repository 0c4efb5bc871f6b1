"""Rejected exposures: logs of devices, their reasons, and the reject rate with its true denominator."""
