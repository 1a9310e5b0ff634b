"""Which characters the installed fonts can draw: a glyph that no font carries makes a PDF/A invalid."""

import ctypes
from functools import lru_cache

# fontconfig is already in the process, WeasyPrint finds its fonts with it; these few calls read its coverage tables.
_FC_SET_SYSTEM = 0
_FC_TRUE = 1


class _FontSet(ctypes.Structure):
    _fields_ = [
        ("count", ctypes.c_int),
        ("allocated", ctypes.c_int),
        ("fonts", ctypes.POINTER(ctypes.c_void_p)),
    ]


class _Coverage:
    """The union of the character sets of all scalable fonts without colour bitmaps."""

    def __init__(self) -> None:
        lib = ctypes.CDLL("libfontconfig.so.1")
        lib.FcInitLoadConfigAndFonts.restype = ctypes.c_void_p
        lib.FcConfigGetFonts.argtypes = [ctypes.c_void_p, ctypes.c_int]
        lib.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
        lib.FcPatternGetCharSet.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_void_p),
        ]
        lib.FcPatternGetBool.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_int),
        ]
        lib.FcCharSetHasChar.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        self._lib = lib
        # Never destroyed: the character sets belong to this configuration and are asked as long as the process lives.
        self._config = lib.FcInitLoadConfigAndFonts()
        font_set = lib.FcConfigGetFonts(self._config, _FC_SET_SYSTEM).contents
        fonts = [font_set.fonts[index] for index in range(font_set.count)]
        self._charsets = [
            charset for font in fonts if self._is_outline(font) and (charset := self._charset(font)) is not None
        ]

    def _is_outline(self, font: int) -> bool:
        return self._bool(font, b"scalable", default=True) and not self._bool(font, b"color", default=False)

    def _bool(self, font: int, name: bytes, *, default: bool) -> bool:
        value = ctypes.c_int()
        found = self._lib.FcPatternGetBool(font, name, 0, ctypes.byref(value)) == 0
        return value.value == _FC_TRUE if found else default

    def _charset(self, font: int) -> int | None:
        charset = ctypes.c_void_p()
        found = self._lib.FcPatternGetCharSet(font, b"charset", 0, ctypes.byref(charset)) == 0
        return charset.value if found else None

    def has(self, character: str) -> bool:
        return any(self._lib.FcCharSetHasChar(charset, ord(character)) for charset in self._charsets)


@lru_cache(maxsize=1)
def _coverage() -> _Coverage:
    return _Coverage()


@lru_cache(maxsize=50_000)
def drawable(character: str) -> bool:
    """Whether an installed outline font carries a glyph for this one character; ASCII is taken for granted."""
    return character.isascii() or _coverage().has(character)
