"""The web server: gunicorn with a worker of our own, which no slow client can hold up. Imports gunicorn only."""
