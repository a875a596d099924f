"""The template `gauge`: a share that fills up, under a title."""

from rendering.engine.timeline import Clip, MoviepyLayer, TextLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.fields import Colour, Number, Text


class Gauge(Template):
    """A share that fills up while the scene lasts."""

    template = "gauge"
    title = Text(most=60, required=True, help="What is measured.")
    share = Number(least=0, most=1, required=True, help="0 is nothing, 1 is all.")
    color = Colour("#ff0000", help="Of the filling.")

    def clip(self, scene: SceneFrame) -> Clip:
        filling = MoviepyLayer(
            call="gauges.clips.filling", args={"share": self.share, "color": self.color}, version="1"
        )
        box = (0.1 * scene.width, 0.05 * scene.height, 0.8 * scene.width, 0.2 * scene.height)
        title = TextLayer(text=self.title, box=box, size=scene.height / 9)
        return Clip(frames=scene.frames, layers=(filling, title))
