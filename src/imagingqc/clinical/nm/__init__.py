"""Nuclear medicine: planar and SPECT (NM), positron emission (PT)."""
