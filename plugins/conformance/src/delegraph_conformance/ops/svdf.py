"""SVDF: models for conformance cases."""

from ..families.recurrent import NO_BIAS, SVDFS, WIDE_SVDFS, svdf
from ..recipe import Recipe

RECIPE = Recipe("SVDF", SVDFS, svdf, NO_BIAS, also=["float32:uint8:uint8:float32:float32", *WIDE_SVDFS])
