"""Writing of meetings: series, calling and holding, minutes, action items."""
