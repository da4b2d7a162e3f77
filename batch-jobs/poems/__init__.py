"""The poems family: poems from zips, in a data lake by their form."""
