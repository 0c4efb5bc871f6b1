"""What every app may use and what knows no app: errors, ids, time, events, language."""
