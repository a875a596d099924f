MODEL = "local/clip-1"
