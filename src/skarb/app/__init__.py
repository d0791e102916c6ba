"""What people do with Skarb, put together from the rooms below: decide a file, post it, run a market, look at it."""
