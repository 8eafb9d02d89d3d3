"""The ground floor: apps, releases, routes, their store in Redis, and the rollout."""
