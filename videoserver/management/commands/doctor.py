"""`manage.py doctor`: tries everything that a render needs, and says what to do about what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videoserver import diagnosis, doctor


class Command(BaseCommand):
    help = "Check codecs, fonts, storage, database, queue, clock and disk, and render two seconds. Exit 1 if ill."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print a JSON list")
        parser.add_argument("--file", type=Path, help="diagnose this film instead, box by box")

    def handle(self, *args: Any, as_json: bool, file: Path | None, **options: Any) -> None:
        findings = []
        for finding in diagnosis.diagnose(file) if file else doctor.examine():
            findings.append(finding)
            if not as_json:
                self.show(finding)
        if as_json:
            self.stdout.write(json.dumps([finding.as_dict() for finding in findings], indent=2))
        wrong = [finding.check for finding in findings if not finding.ok]
        if wrong:
            raise CommandError(f"Wrong: {', '.join(wrong)}.", returncode=1)
        if not as_json:
            self.stdout.write(self.style.SUCCESS("All is well."))

    def show(self, finding: doctor.Finding) -> None:
        mark = self.style.SUCCESS("ok   ") if finding.ok else self.style.ERROR("wrong")
        self.stdout.write(f"{mark}  {finding.check:<12} {finding.detail}")
        if finding.cure:
            self.stdout.write(f"       {'':<12} → {finding.cure}")
