"""What an app's source says about how it is built and run."""
