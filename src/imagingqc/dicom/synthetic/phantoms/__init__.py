"""Generated images of phantoms with known truth: drawn analytically, written as DICOM files."""
