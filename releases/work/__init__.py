"""How work gets to a process that does it: queues, turns, and workers that are ready before it."""
