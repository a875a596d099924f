"""Generation: a provider writes scenes and makes what they show; each thing it makes is a durable Prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction

from media_assets import ingest
from media_assets.stored import forgotten_on_error
from rendering.exceptions import NoStoryboardData, Outdated
from rendering.models import Job, Prediction, PredictionKind, Storyboard
from rendering.providers import registry
from rendering.providers.base import Made, Maker
from rendering.states import Stage
from rendering.workflow import document as documents
from rendering.workflow import money, write
from videoserver.work import workspace
from videoserver.work.faults import faultpoint
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

SPARE = 1.2
"""Pictures are made larger than the film, so that a zoom has something to show."""
ASSET_PARAM = {"picture": (PredictionKind.IMAGE, "image"), "footage": (PredictionKind.CLIP, "video")}
PICTURES = ("image", "clip")
EVERYTHING = ("text", *PICTURES)
FINISH_TRIES = 5


def run(job: Job) -> None:
    """One step of a generation: write the text, then have one picture after another made, then fill them in.

    Pictures wait for each other because each must look unlike those before it; clips and sound are made beside them.
    """
    storyboard = job.storyboard
    if storyboard is None:
        raise NoStoryboardData("The storyboard was deleted.")
    job.enter(Stage.GENERATING, "Generating...")
    if not job.document:
        plan(job, storyboard)
        faultpoint("job.written")
    made = {prediction.inputs["order"]: prediction for prediction in job.predictions.all()}
    orders: list[dict[str, Any]] = job.document["orders"]
    due = list(next_orders(orders, made))
    under_way = sum(prediction.status not in (WorkState.COMPLETED,) for prediction in made.values())
    if due or under_way:
        with transaction.atomic():
            job.keep()  # a write first: who moves the job in line moves its predictions too, and must not miss any
            job.refresh_from_db(fields=["priority", "turn"])
            for number in due:
                hand_out(job, number, orders[number], made)
            job.wait_for(len(due) + under_way)
        faultpoint("job.planned")
        return
    finish(job, storyboard, made)


def plan(job: Job, storyboard: Storyboard) -> None:
    """Write the scenes if they are asked for, and note on the job what is to be made for which scene."""
    options = job.options
    only = set(options.get("only") or (PICTURES if options.get("scene") else EVERYTHING))
    provider = provider_of(job, storyboard)
    size = documents.size(storyboard.document())
    draft = None
    if "text" in only:
        if storyboard.revision != job.revision:
            raise Outdated()  # the text that it would replace is not the one that was there
        draft = provider.write_scenes(
            options.get("brief") or "", options.get("scenes"), title=storyboard.title, clip="clip" in only
        )
    prompts = {number: scene.prompt for number, scene in enumerate(draft.scenes)} if draft else {}
    # The provider is asked before the transaction: nobody else could write while it thinks.
    clips = (
        [scene.prompt for scene in draft.scenes if scene.makes == "clip"]
        if draft
        else [each["prompt"] for each in wanted(storyboard, only & {"clip"}, options.get("scene"), {})]
    )
    likeness = {prompt: provider.foresee_clip(prompt, *size) for prompt in clips}
    with transaction.atomic():
        if draft:
            document = storyboard.document() | draft.document()
            write.rewrite(storyboard, job.ordered_by or storyboard.last_editor, document, job.revision)
        orders = wanted(storyboard, only, options.get("scene"), prompts)
        for order in orders:
            if order["kind"] == PredictionKind.CLIP:
                order["likeness"] = likeness.get(order["prompt"], "")
        if draft and not storyboard.soundtrack:
            seconds = documents.duration(storyboard.document())
            orders.append({"kind": PredictionKind.SOUNDTRACK, "prompt": draft.mood, "seconds": max(seconds, 5)})
        job.keep(document={"orders": orders, "width": size[0], "height": size[1], "fps": storyboard.fps})


def wanted(
    storyboard: Storyboard, only: set[str], scene_id: str | None, prompts: Mapping[int, str]
) -> list[dict[str, Any]]:
    """What must be made: for the one scene that is named, or for every scene that lacks its picture or clip."""
    orders = []
    for position, scene in enumerate(storyboard.scenes.all()):
        kind, param = ASSET_PARAM.get(scene.template, ("", ""))
        asked = str(scene.pk) == str(scene_id) if scene_id else not scene.params.get(param)
        if kind in only and asked:
            prompt = prompts.get(position) or scene.caption or storyboard.title
            orders.append(
                {
                    "kind": str(kind),
                    "scene": str(scene.pk),
                    "param": param,
                    "was": scene.params.get(param) or "",
                    "prompt": prompt,
                    "seconds": float(scene.duration),
                }
            )
    return orders


def next_orders(orders: list[dict[str, Any]], made: Mapping[int, Prediction]) -> list[int]:
    """Everything not handed out yet, but of the pictures only the first one, and only when none is being made."""
    waiting = [number for number in range(len(orders)) if number not in made]
    pictures = [number for number in waiting if orders[number]["kind"] == PredictionKind.IMAGE]
    busy = any(row.kind == PredictionKind.IMAGE and row.status != WorkState.COMPLETED for row in made.values())
    held_back = set(pictures if busy else pictures[1:])
    return [number for number in waiting if number not in held_back]


def hand_out(job: Job, number: int, order: dict[str, Any], made: Mapping[int, Prediction]) -> None:
    width, height = job.document["width"], job.document["height"]
    spare = SPARE if order["kind"] == PredictionKind.IMAGE else 1
    clips = [each["likeness"] for each in job.document["orders"] if each.get("likeness")]
    avoid = clips + [row.inputs["likeness"] for row in made.values() if row.inputs.get("likeness")]
    prediction = Prediction(
        job=job,
        priority=job.priority,
        turn=job.turn,
        provider=job.options.get("provider") or (job.storyboard.provider if job.storyboard else "local"),
        kind=order["kind"],
        scene=order.get("scene"),
        inputs={
            "order": number,
            "prompt": order["prompt"],
            "seconds": order.get("seconds"),
            "width": round(width * spare / 2) * 2,
            "height": round(height * spare / 2) * 2,
            "fps": job.document["fps"],
            "avoid": avoid,
        },
    )
    prediction.save(force_insert=True)
    prediction.ring()


def run_prediction(prediction: Prediction) -> None:
    """Let the provider make one thing, keep it as an asset, and record what it cost: one commit."""
    job = prediction.job
    provider = registry.get(prediction.provider)
    with workspace.open(f"generate_{prediction.kind}", prediction) as folder:
        made = make(provider, prediction, folder)
        faultpoint("prediction.made")
        stored = ingest.put(made.path, job.owner, on_event=lambda _: prediction.renew())
        with forgotten_on_error(stored), transaction.atomic():
            faultpoint("prediction.stored")
            asset = ingest.record(
                stored,
                job.owner,
                name=f"{prediction.inputs['prompt'][:80]}{made.path.suffix}",
                metadata={
                    "source": "ai_generation",
                    "aiGenerated": True,
                    "prompt": prediction.inputs["prompt"],
                    "model": made.model,
                    "provider": made.provider,
                },
            )
            prediction.finish(
                asset=asset,
                model=made.model,
                quantity=made.quantity,
                unit=made.unit,
                amount=made.cost,
                inputs=prediction.inputs | {"likeness": made.likeness},
            )


def make(provider: Maker, prediction: Prediction, folder: Path) -> Made:
    asked = prediction.inputs
    if prediction.kind == PredictionKind.IMAGE:
        return provider.make_image(
            asked["prompt"], asked["width"], asked["height"], folder / "picture.jpg", avoid=asked["avoid"]
        )
    if prediction.kind == PredictionKind.SOUNDTRACK:
        return provider.make_soundtrack(asked["prompt"], asked["seconds"], folder / "soundtrack.wav")
    return provider.make_clip(
        asked["prompt"],
        asked["width"],
        asked["height"],
        asked["seconds"],
        asked["fps"],
        folder / "clip.mp4",
        on_event=lambda event: prediction.renew(),
    )


def finish(job: Job, storyboard: Storyboard, made: Mapping[int, Prediction]) -> None:
    """Put what was made into the scenes that are still there: one new revision, one commit with the job's end."""
    for attempt in range(FINISH_TRIES):
        try:
            with transaction.atomic():
                storyboard.refresh_from_db()
                document = storyboard.document()
                fill_in(document, job.document["orders"], made)
                write.rewrite(storyboard, job.ordered_by or storyboard.last_editor, document)
                job.finish(actual_cost=money.settle(job), stage="", message="Generated")
            return
        except Outdated:
            logger.info(f"Job {job.pk}: The storyboard was edited meanwhile; filling in again", attempt=attempt)
    raise Outdated()


def fill_in(document: dict[str, Any], orders: list[dict[str, Any]], made: Mapping[int, Prediction]) -> None:
    """Each thing into its place, if that is still as it was at the order: what people did meanwhile stays."""
    scenes = {scene["id"]: scene for scene in document["scenes"]}
    for number, order in enumerate(orders):
        asset = str(made[number].asset_id)
        if order["kind"] == PredictionKind.SOUNDTRACK:
            document["soundtrack"] = document["soundtrack"] or {"asset": asset}
            continue
        scene = scenes.get(order["scene"])
        same_kind = scene and ASSET_PARAM.get(scene["template"]) == (order["kind"], order["param"])
        if scene and same_kind and (scene["params"].get(order["param"]) or "") == order["was"]:
            scene["params"][order["param"]] = asset


def provider_of(job: Job, storyboard: Storyboard) -> Maker:
    return registry.get(job.options.get("provider") or storyboard.provider)
