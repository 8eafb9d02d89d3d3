"""Builds: from a commit to an image that carries its Git SHA."""
