"""The SSH front door: git pushes and commands come in here."""
