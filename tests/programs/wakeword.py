"""openwakeword: every model it ships, on two seconds of made sound, frame by frame."""

import sys

import numpy as np
from openwakeword.model import Model

RATE, FRAME = 16000, 1280
seconds = np.arange(2 * RATE) / RATE
voice = np.sin(2 * np.pi * (180 + 40 * np.sin(3 * seconds)) * seconds) * (np.sin(4 * seconds) > 0)
hiss = np.frombuffer(np.random.PCG64(1).random_raw(len(seconds)).tobytes(), np.int8)[::8][: len(seconds)]
sound = (8000 * voice + 20 * hiss).astype(np.int16)
np.random.seed(0)  # it warms up with noise
model = Model()
scores = [model.predict(sound[i : i + FRAME]) for i in range(0, len(sound) - FRAME, FRAME)]
names = sorted(scores[0])
np.savez(
    sys.argv[1],
    scores=np.float32([[frame[name] for name in names] for frame in scores]),
    embedding=model.preprocessor.get_features(16),
)
