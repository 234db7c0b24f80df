"""realmkit: a realm server."""
