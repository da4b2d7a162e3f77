"""Click-through data with the columns of Avazu's: `npm run data -- ctr --help`."""
