"""The MONAI engine of Contourflow: trains, evaluates and exports segmentation networks as Batch jobs."""

__version__ = "0.1.0"
