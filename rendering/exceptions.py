"""What can go wrong in rendering: a stable code, an HTTP status, a sentence, and whether trying again is pointless."""

from typing import ClassVar

from videoserver.web.error_list import MOST_ERRORS, summary


class RenderingError(Exception):
    """Root of the tree; `permanent` errors are never retried."""

    code: str = "rendering_failed"
    status: int = 422
    permanent: ClassVar[bool] = True
    sentence: ClassVar[str] = "Rendering failed."

    def __init__(
        self, detail: str = "", *, pointer: str = "", errors: list[dict[str, str]] | None = None, total: int = 0
    ) -> None:
        """`errors` are all that was found, or the first of `total`; no more of them are kept than are shown."""
        first = errors[0] if errors else {"detail": self.sentence, "pointer": ""}
        self.total = total or len(errors or ())
        """How many errors there are."""
        self.detail = summary(detail or first["detail"], self.total)
        self.pointer = pointer or first["pointer"]
        alone = [{"pointer": pointer, "code": self.code, "detail": self.detail}] if pointer else []
        self.errors = errors[:MOST_ERRORS] if errors else alone
        super().__init__(self.detail)

    @property
    def more(self) -> str:
        """A sentence on the errors that are not among `errors`, for pages that show those one by one."""
        unlisted = self.total - len(self.errors)
        return f"There are {unlisted} more errors." if unlisted > 0 else ""


class NotApproved(RenderingError):
    code, status, sentence = "not_approved", 409, "Storyboard must be approved"


class StoryboardGone(RenderingError):
    code, status, sentence = "not_found", 404, "Not found."


class WrongState(RenderingError):
    code, status, sentence = "wrong_state", 409, "This cannot be done in its present status."


class Outdated(RenderingError):
    code, status, sentence = "outdated", 409, "Somebody changed it first. Read it again, then decide."


class PreconditionFailed(RenderingError):
    code, status, sentence = "precondition_failed", 412, "It has changed since you read it."


class FourEyes(RenderingError):
    code, status, sentence = "four_eyes", 403, "Its owner and its last editor cannot approve a storyboard."


class PriorityRefused(RenderingError):
    code, status, sentence = "priority_refused", 403, "Only operators can order work that goes before everybody else's."


class BudgetExceeded(RenderingError):
    code, status, sentence = "budget_exceeded", 409, "This would exceed the budget."


class NoScenes(RenderingError):
    code, status, sentence = "no_scenes", 422, "No storyboard data available"


class NoStoryboardData(RenderingError):
    code, status, sentence = "no_storyboard_data", 422, "No storyboard data available"


class NotRenderable(RenderingError):
    """A stored storyboard that can't be rendered as it stands; it speaks with the code of the first thing wrong."""

    code, status, sentence = "validation_error", 422, "The storyboard cannot be rendered as it stands."

    def __init__(self, errors: list[dict[str, str]], total: int = 0) -> None:
        super().__init__(errors[0]["detail"], errors=errors, total=total)
        self.code = errors[0]["code"]


class OrderInvalid(RenderingError):
    """A direct order with wrong parameters; `errors` says where."""

    code, status, sentence = "validation_error", 400, "The order is not valid."

    def __init__(self, errors: list[dict[str, str]], total: int = 0) -> None:
        super().__init__(self.sentence, errors=errors, total=total)


class UploadUnfit(RenderingError):
    """A file that came with an order cannot be what it was sent as; it speaks with the code of what is wrong."""

    code, status, sentence = "unexpected_type", 422, "The file cannot be used for this."

    def __init__(self, code: str, status: int, detail: str, pointer: str) -> None:
        self.code, self.status = code, status
        super().__init__(detail, pointer=pointer)


class AssetNotFound(RenderingError):
    code, status, sentence = "asset_not_found", 400, "There is no such asset."


class NotTogether(RenderingError):
    """Two wishes that exclude each other."""

    code, status, sentence = "validation_error", 400, "These cannot be asked for together."


class AssetNotReady(RenderingError):
    code, status, sentence = "asset_not_ready", 422, "The asset is not ready."


class CampaignNotFound(RenderingError):
    code, status, sentence = "campaign_not_found", 400, "There is no such campaign."


class SceneNotFound(RenderingError):
    code, status, sentence = "scene_not_found", 400, "The storyboard has no such scene."


class InputGone(RenderingError):
    code, status, sentence = "input_gone", 422, "An asset that the storyboard needs is gone."


class UnknownProvider(RenderingError):
    code, status, sentence = "unknown_provider", 400, "There is no such provider."


class TooManyScenes(RenderingError):
    """More than the provider writes at once; refused before anything is queued."""

    code, status, sentence = "validation_error", 400, "The provider writes fewer scenes."

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "code": "max_value", "detail": detail}])


class StillFailed(RenderingError):
    """The engine could not draw one frame; the log has its words."""

    code, status, permanent, sentence = "still_failed", 503, False, "The still could not be made. Try again."


class SegmentLost(RenderingError):
    """A cached segment vanished between its rendering and the join: the next attempt renders it again."""

    code, status, permanent, sentence = "segment_lost", 500, False, "A rendered segment is gone from the cache."


class StoredDifferently(RenderingError):
    """What the storage gave back is not what was checked."""

    code, status, permanent, sentence = "storage_upload_failed", 500, False, "The stored film is not the checked one."


class QualityCheckFailed(RenderingError):
    """The film shows or sounds like something that its plan does not explain; the order may accept it."""

    code, status, sentence = "quality_check_failed", 422, "The film is not as planned."


class ClipFailed(RenderingError):
    """A scene could not be cut out of its film; the log has the engine's words."""

    code, status, permanent, sentence = "clip_failed", 503, False, "The clip could not be made. Try again."
