"""The SSH front door: git pushes and commands come in here."""

VERSION = "0.1.0"
