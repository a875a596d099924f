"""Who serves which queue, and whether it answers; and what all processes of this database must agree on."""

from django.db import models
from django.db.models.functions import Now


class Agreed(models.Model):
    """One thing that is the same for every process of this database: its storage, its secret key."""

    name = models.CharField(max_length=50, primary_key=True)
    value = models.CharField(max_length=128)
    agreed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """One queue's cluster under one supervisor."""

    name = models.CharField(max_length=200)
    queue = models.CharField(max_length=100)
    supervisor = models.CharField(max_length=255, help_text="The process that looks after it: place, pid and start.")
    main = models.CharField(max_length=255, blank=True, help_text="The leader of the cluster's session.")
    disk = models.CharField(
        max_length=100, blank=True, help_text="Its DATA_DIR: workers of one disk share their files."
    )
    # Written by every worker of a version that knows them; an older one leaves them empty.
    version = models.CharField(max_length=50, blank=True, default="", db_default="")
    encoder = models.CharField(max_length=100, blank=True, default="", db_default="")
    storage = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The identity of the storage that it sees."
    )
    note = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="What it wrote into its storage, for others."
    )
    refusal = models.TextField(blank=True, default="", db_default="", help_text="Why it does no work, if it does none.")
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now(), help_text="When the supervisor last said that it lives.")
    canary_at = models.DateTimeField(null=True, blank=True, help_text="When the queue last answered.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the canary went out that is not back.")
    heard_until = models.DateTimeField(null=True, blank=True, help_text="Bells rung until then were all heard.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supervisor", "queue"], name="worker_queue_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.queue}"


class EndedWork(models.Model):
    """So many rows of work that ended alike. Added in the transaction that ends a row, and never changed: whoever
    sums them up reads what was committed, and nobody who ends work waits for another. `ended.fold` makes few of many.
    """

    model = models.CharField(max_length=50)
    kind = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=20)
    code = models.CharField(max_length=50, blank=True)
    wait_bucket = models.PositiveSmallIntegerField(help_text="The place of its wait among the histogram's bounds.")
    run_bucket = models.PositiveSmallIntegerField(null=True, help_text="The same of its run; none if it never began.")
    count = models.PositiveBigIntegerField(default=1)
    wait_seconds = models.FloatField(default=0)
    run_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.count} × {self.model} {self.kind} {self.status} {self.code}".strip()
