"""Reads the only series of a folder with SimpleITK, slices in the order GDCM gives them, and writes it as NIfTI."""

import json
import sys

import SimpleITK

names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(sys.argv[1])
reader = SimpleITK.ImageSeriesReader()
reader.SetFileNames(names)
image = reader.Execute()
SimpleITK.WriteImage(SimpleITK.Cast(image, SimpleITK.sitkFloat32), sys.argv[2])
print(json.dumps(len(names)))
