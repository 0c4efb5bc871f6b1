"""Measurements, assessments, findings and people's decisions on them."""
