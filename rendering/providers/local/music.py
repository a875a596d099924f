MODEL = "local/music-1"
