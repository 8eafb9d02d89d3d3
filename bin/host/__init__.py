"""How the platform lives on one machine: started, watched, introduced to its owner, stopped."""
