"""What the administrator and the pusher type: the command table of the release manager."""
