"""AudioSpectrogram: models for conformance cases."""

from ..families.custom import audio_spectrogram
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("AudioSpectrogram", EVERY_TYPE, audio_spectrogram)
