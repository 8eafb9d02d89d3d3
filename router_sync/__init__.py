"""The real router: makes HAProxy follow the routes in Redis."""
