"""The site: whole HTML pages and a few data files that any web server, or a USB stick, can hold."""
