"""Reusable image analysis on plain arrays: masks, regions, noise.  Knows neither DICOM nor any judgement."""
