"""The ways to draw: each module has `draw(canvas, palette, dice)`."""
