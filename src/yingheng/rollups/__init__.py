"""Cells: running sums per indicator, hospital, local day and dimensions."""
