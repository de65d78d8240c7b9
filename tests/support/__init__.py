"""What the Python tests share: a server to talk to, an independent signer, a client of the API and one of the admin API."""
