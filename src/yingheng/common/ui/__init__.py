"""The one implementation of the interface: page types, components, navigation and their gallery."""
