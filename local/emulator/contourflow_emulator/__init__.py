"""The local AWS of Contourflow: ministack 1.5.33 plus what our stacks need and it lacks.

Nothing of ministack is edited on disk. Each module of this package adds one thing by replacing named
functions of the running program, and refuses to start when such a name is gone (`upstream.py`).
"""
