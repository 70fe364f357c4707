print("wingcache")
