"""Every fault point there is, and what is under way when it is passed."""

FILM = (
    "job.claimed",
    "job.planned",
    "segment.claimed",
    "segment.rendering",
    "segment.rendered",
    "segment.kept",
    "segment.before_commit",
    "segment.after_commit",
    "job.joining",
    "job.joined",
    "job.made",
    "asset.inspected",
    "asset.stored",
    "job.stored",
    "job.before_commit",
    "job.after_commit",
)
GENERATION = (
    "job.written",
    "prediction.claimed",
    "prediction.made",
    "prediction.stored",
    "prediction.before_commit",
    "prediction.after_commit",
)
IMPORT = (
    "mediaimport.claimed",
    "import.downloading",
    "import.downloaded",
    "import.stored",
    "mediaimport.before_commit",
    "mediaimport.after_commit",
)
WORKER = ("cluster.starting", "cluster.stopping", "supervisor.stopping")
EVERY_ROW = ("claimed", "before_commit", "after_commit")
