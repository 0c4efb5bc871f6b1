"""Ultrasound."""
