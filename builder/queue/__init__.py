"""How builds wait, who looks after those that run, and which of them are kept."""
