"""Seeded generators of data for the reference pipelines: `npm run data -- --help`. See docs/data.md."""
