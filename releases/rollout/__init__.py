"""How what runs is changed: what may be asked, and the way from what runs to what was asked for."""
