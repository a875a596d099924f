"""What can go wrong with pixels and sound; the child sends the code and the sentence to its parent."""

from rendering.exceptions import RenderingError


class MediaProcessingFailed(RenderingError):
    """An asset is missing, broken or of the wrong kind: trying again with the same bytes is pointless."""

    code, status, sentence = "media_processing_failed", 422, "FFmpeg processing failed"


class ProcessingFailed(RenderingError):
    """Our own parts do not fit together; another attempt makes them anew."""

    code, status, permanent, sentence = "processing_failed", 500, False, "Processing failed"


class CheckFailed(RenderingError):
    """A finished file that is not the planned film; another attempt makes it anew."""

    code, status, permanent, sentence = "quality_check_failed", 500, False, "The film is not as planned."


class OutputMissing(CheckFailed):
    code, sentence = "output_missing", "Output file was not created"


class FileEmpty(CheckFailed):
    code, sentence = "file_empty", "Downloaded file is empty"


class FileTooSmall(CheckFailed):
    code, sentence = "file_too_small", "File too small"


class NotAVideo(CheckFailed):
    code, sentence = "not_a_video", "Not a valid video"


class TextNotShaped(RenderingError):
    """Words whose letters join or run from the right, on a machine without FriBiDi: they would be wrong, not ugly."""

    code, status, sentence = "text_not_shaped", 501, "This server cannot set this text: it lacks the library FriBiDi."


class SizeLimitTooSmall(RenderingError):
    """So many bytes cannot hold the film, however bad its pictures were."""

    code, status, sentence = "size_limit_too_small", 422, "The film does not fit into the size limit."
