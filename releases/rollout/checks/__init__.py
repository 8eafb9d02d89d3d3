"""What a container has to show before it gets traffic."""
