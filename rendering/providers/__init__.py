"""Who makes pictures, footage, text and sound: data in, files out, no models."""
