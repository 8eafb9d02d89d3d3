"""What is known of a build beside its image: what went into it, and why its steps had to run."""
