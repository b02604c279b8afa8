"""SVDF: models for conformance cases."""

from ..families.recurrent import SVDFS, svdf
from ..recipe import Recipe

RECIPE = Recipe("SVDF", SVDFS, svdf, also=["float32:uint8:uint8:float32:float32"])
