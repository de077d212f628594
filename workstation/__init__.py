"""The desktop workstation: domain, services, adapters, user interface and the root that joins them."""
