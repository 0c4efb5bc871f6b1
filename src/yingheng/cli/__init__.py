"""The `yingheng` command: thin wrappers over the packages below."""
