"""Stockade: container breakout detection and prevention from inside the kernel."""
