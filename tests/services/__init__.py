"""Real programs for the tests: a database server, a browser, the application behind gunicorn."""
