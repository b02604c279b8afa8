"""PosenetDecoderOp: models for conformance cases."""

from ..families.unregistered import POSES, posenet
from ..recipe import Recipe

RECIPE = Recipe("PosenetDecoderOp", POSES, posenet)
