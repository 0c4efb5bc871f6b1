"""The gallery: every component and page type in every state, on artificial data."""
