"""Poems in a zip, a text file each, in folders by their form: `npm run data -- poems --help`."""
