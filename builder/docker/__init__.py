"""How images are made by a Docker Engine."""
