"""What runs containers: what it promises, and Docker, which keeps the promise."""
