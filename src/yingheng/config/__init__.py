"""Settings, addresses and the ASGI entry: the one place that knows every app."""
