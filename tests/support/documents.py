"""Files of the kinds a realm may hold, made as small as they can be."""

import io

from PIL import Image


def image(format: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A picture of noise, so that cutting it short loses something."""
    made = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(made, format, **options)
    return made.getvalue()


def photo(*, camera: str, taken_at: str, orientation: int) -> bytes:
    """A JPEG of 40x30 stored pixels with EXIF as a camera writes it."""
    exif = Image.Exif()
    exif[0x0110] = camera
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = taken_at
    return image("JPEG", exif=exif)


def pdf(*pages: str, title: str = "") -> bytes:
    """A PDF whose pages say a line each."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects.append(f"<< /Title ({title}) >>")
    out = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    size, info = len(objects) + 1, len(objects)
    out += f"trailer\n<< /Size {size} /Root 1 0 R /Info {info} 0 R >>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()
