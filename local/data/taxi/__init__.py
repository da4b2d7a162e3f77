"""Rides of New York's green taxis, as the city publishes them: `npm run data -- taxi --help`."""
