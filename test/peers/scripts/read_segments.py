"""Voxels of each segment of a DICOM SEG as highdicom reads them on the given images.

Prints hexadecimal text by segment number: one bit per voxel, images in the order given, low bits first.
"""

import json
import sys

import highdicom
import numpy as np

segmentation = highdicom.seg.segread(sys.argv[1])
uids = sys.argv[2].split(",")
frames = [int(number) for number in sys.argv[3].split(",")]
result = {}
for number in segmentation.segment_numbers:
    if len(set(uids)) == 1:
        pixels = segmentation.get_pixels_by_source_frame(
            source_sop_instance_uid=uids[0],
            source_frame_numbers=frames,
            segment_numbers=[number],
            assert_missing_frames_are_empty=True,
            # As in the files of the XNAT viewer, nothing says so; the planes are those of the images.
            ignore_spatial_locations=True,
        )
    else:
        pixels = segmentation.get_pixels_by_source_instance(
            source_sop_instance_uids=uids,
            segment_numbers=[number],
            assert_missing_frames_are_empty=True,
            # As in the files of the XNAT viewer, nothing says so; the planes are those of the images.
            ignore_spatial_locations=True,
        )
    mask = np.ascontiguousarray(pixels[..., 0] != 0, dtype=np.uint8)
    packed = np.packbits(mask.reshape(-1), bitorder="little")
    result[int(number)] = packed.tobytes().hex()
print(json.dumps(result))
