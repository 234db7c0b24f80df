"""Raster images: dimensions as they are shown, and what the camera wrote. Nothing is decoded."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from realmkit.extraction.looking import Extract, WrongKind

_FORMATS = {
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".ico": "ICO",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
_QUARTER_TURNS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""


def read(content: bytes, suffix: str) -> Extract:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # A page that shows it would have to unpack it.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = _open(content)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise WrongKind(
                "It would unpack to more pixels than a page can show"
                f" (at most {Image.MAX_IMAGE_PIXELS:,})."
            ) from exc
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
            raise WrongKind("It is no image: its bytes are in no format we know.") from exc
        width, height = image.size
        exif = _exif(image)
        if exif.pop("orientation", 1) in _QUARTER_TURNS:
            width, height = height, width
        attributes = {"width": width, "height": height, **exif}
        if image.format != _FORMATS[suffix]:
            note = f"Its name says {_FORMATS[suffix]}, and its bytes are {image.format}."
            return Extract(attributes, note, is_of_parent_kind=True)
        return Extract(attributes, _trouble(image, content))


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=list(set(_FORMATS.values())))


def _trouble(image: Image.Image, content: bytes) -> str | None:
    """What is wrong with an image whose header is sound."""
    if image.format == "JPEG" and b"\xff\xd9" not in content[-2_048:]:
        return "It breaks off before its end."
    try:
        # Checks the chunks' sums where the format has them; the image is spent then.
        _open(content).verify()
    except Exception:
        # Each format's reader raises what it likes.
        return "It breaks off before its end, or is damaged."
    return None


def _exif(image: Image.Image) -> dict[str, Any]:
    """`{orientation?, camera?, takenAt?}`; a damaged block tells nothing."""
    try:
        # A PNG's own method would unpack it, to look behind the pixels.
        main = Image.Image.getexif(image)
        detail = main.get_ifd(ExifTags.IFD.Exif)
    except Exception:
        # As above.
        return {}
    found: dict[str, Any] = {"orientation": main.get(ExifTags.Base.Orientation, 1)}
    make, model = (_text(main.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    if model:
        found["camera"] = model if not make or model.startswith(make) else f"{make} {model}"
    taken_at = _text(detail.get(ExifTags.Base.DateTimeOriginal))
    if taken_at and len(taken_at) >= 19:
        # EXIF writes 2024:05:01 12:30:00.
        found["takenAt"] = f"{taken_at[:10].replace(':', '-')}T{taken_at[11:19]}"
    return found


def _text(value: object) -> str:
    return value.replace("\0", " ").strip()[:200] if isinstance(value, str) else ""
