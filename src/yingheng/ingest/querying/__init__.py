"""Asking others: C-FIND, C-MOVE and C-GET of the Study Root, and the modality worklist.  No database here."""
