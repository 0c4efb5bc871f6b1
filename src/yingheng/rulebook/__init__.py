"""Which rules a hospital is judged by: published standards it uses, and its own, tried out before they hold."""
