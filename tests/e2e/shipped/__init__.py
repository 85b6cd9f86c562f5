"""The shipped rules at work, by one agent for all: to load its programs takes long in a guest."""
