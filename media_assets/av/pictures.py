"""Still pictures: PNG, JPEG and WebP, decoded whole, and written anew without what cameras say about their owners."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from media_assets.av.limits import MAX_PIXELS, beyond, check_picture
from media_assets.av.sniff import KINDS, Kind
from media_assets.exceptions import ProcessingFailed

JPEG_QUALITY = 95
PNG_EFFORT = 3
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
warnings.simplefilter("error", Image.DecompressionBombWarning)


def decoded(path: Path, kind: Kind) -> Image.Image:
    """The picture, all of it, the right way up."""
    try:
        with Image.open(path, formats=(kind.format.upper(),)) as image:
            check_picture(*image.size)
            image.load()
            upright = ImageOps.exif_transpose(image)
            upright.info.setdefault("icc_profile", image.info.get("icc_profile"))
            return upright
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise beyond("the picture is too large") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise ProcessingFailed from error


def facts_of(image: Image.Image, kind: Kind) -> dict[str, Any]:
    """What is known about a picture."""
    return {
        "width": image.width,
        "height": image.height,
        "format": kind.format,
        "codec": kind.format,
        "has_alpha": has_alpha(image),
    }


def rewritten(image: Image.Image, kind: Kind, original: Path, path: Path) -> tuple[Image.Image, Kind]:
    """Write the bare picture in sRGB, without EXIF, place or profile. PNG and JPEG stay; WebP becomes one."""
    target = (
        KINDS["png"] if kind.format == "png" or (kind.format == "webp" and exact(image, original)) else KINDS["jpeg"]
    )
    bare = in_srgb(plain(image), image.info.get("icc_profile"))
    bare.info.clear()
    if target.format == "png":
        bare.save(path, "PNG", compress_level=PNG_EFFORT)
    else:
        bare = bare.convert("L" if bare.mode == "L" else "RGB")
        bare.save(path, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return bare, target


def exact(image: Image.Image, original: Path) -> bool:
    """A WebP that JPEG could not hold: it has alpha, or is free of loss."""
    with original.open("rb") as file:
        return has_alpha(image) or b"VP8L" in file.read(64)


def has_alpha(image: Image.Image) -> bool:
    """Can something be seen through it."""
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def plain(image: Image.Image) -> Image.Image:
    """L, LA, RGB or RGBA, eight bits each; CMYK stays until its profile has been used."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).clip(0, 255).astype(np.uint8))
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image.copy()
    return image.convert("RGBA" if has_alpha(image) else "RGB")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours in sRGB; a profile that cannot be read is passed over."""
    if image.mode in ("RGBA", "LA"):
        alpha = image.getchannel("A")
        opaque = in_srgb(image.convert(image.mode[:-1]), profile)
        opaque.putalpha(alpha)
        return opaque
    if profile:
        try:
            source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert("RGB")
    return image.convert("RGB") if image.mode == "CMYK" else image
