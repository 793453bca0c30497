"""Runs the real pyxnat against a server: python check_pyxnat.py URL USER PASSWORD PROJECT SESSION_LABEL.

Lists by CSV, downloads one file and a zip, reads assessors, creates a resource and puts a file in it.
Prints one JSON object of what it saw; exits non-zero on the first surprise.
"""

import json
import sys
import tempfile
from pathlib import Path

from pyxnat import Interface


def main(url: str, user: str, password: str, project_id: str, session_label: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        interface = Interface(server=url, user=user, password=password)
        project = interface.select.project(project_id)
        session = next(one for one in project.experiments() if one.label() == session_label)
        scan = session.scans().first()
        seen = {
            "projects": interface.select.projects().get(),
            "subjects": [one.label() for one in project.subjects()],
            "session_type": session.datatype(),
            "scans": session.scans().get(),
            "dicom_files": len(scan.resource("DICOM").files().get()),
            "zip_files": download_zip(scan, Path(folder)),
            "assessors": read_assessors(session),
            "round_trip": put_and_get(scan, Path(folder)),
            "array": read_array(interface, project_id),
        }
        interface.disconnect()
        return seen


def download_zip(scan, folder: Path) -> int:
    scan.resource("DICOM").get(str(folder), extract=True)
    files = [one for one in folder.rglob("*.dcm") if one.is_file()]
    assert all(one.read_bytes()[128:132] == b"DICM" for one in files), "every file is DICOM"
    return len(files)


def read_assessors(session) -> dict[str, list[str]]:
    found = {}
    for assessor in session.assessors():
        assert assessor.datatype() == "icr:roiCollectionData", assessor.datatype()
        found[assessor.label()] = sorted(one.label() for one in assessor.out_resources())
    return found


def put_and_get(scan, folder: Path) -> str:
    source, target = folder / "mask.nii.gz", folder / "back.nii.gz"
    source.write_bytes(b"mask bytes")
    stored = scan.resource("MASK").file("mask.nii.gz")
    stored.put(str(source), format="NIFTI", content="MASK", tags="U", overwrite=True)
    stored.get(str(target))
    assert target.read_bytes() == b"mask bytes", "a file comes back as it was put"
    return stored.attributes()["file_format"]


def read_array(interface, project_id: str) -> list[str]:
    table = interface.array.experiments(project_id=project_id, experiment_type="xnat:ctSessionData")
    return sorted(table.get("ID", always_list=True))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:6])))
