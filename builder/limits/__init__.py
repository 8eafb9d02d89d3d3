"""What a build may take of the machine: memory, CPU, processes, disk and log."""
