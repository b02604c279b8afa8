"""TFLite_Detection_PostProcess: models for conformance cases."""

from ..families.custom import DETECTIONS, detection_post_process
from ..recipe import Recipe

RECIPE = Recipe("TFLite_Detection_PostProcess", DETECTIONS, detection_post_process)
