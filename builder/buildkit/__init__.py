"""What BuildKit asks of whoever wants a build: a session, to fetch files and secrets over."""
