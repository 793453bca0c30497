"""Runs the real xnatpy against a server: python check_xnatpy.py URL USER PASSWORD PROJECT SESSION_LABEL.

Browses, downloads, creates a resource, uploads with and without an archive, reads back, and stores an ROI
collection under the viewer's call. Prints one JSON object of what it saw; exits non-zero on the first surprise.
"""

import json
import sys
import tempfile
from pathlib import Path

import xnat


def main(url: str, user: str, password: str, project_id: str, session_label: str) -> dict[str, object]:
    with xnat.connect(url, user=user, password=password, loglevel="ERROR") as connection:
        project = connection.projects[project_id]
        session = project.experiments[session_label]
        scan = session.scans[0]
        seen = browse(project, session, scan)
        seen["scan_files"] = download_scan(scan)
        seen["uploaded"] = upload(connection, scan)
        seen["assessors"] = {one.label: one.resources.listing[0].label for one in session.assessors.values()}
        seen["roi_from_api"] = len(connection.get(roi_path(project, session), query={"type": "RTSTRUCT"}).content)
        return seen


def browse(project, session, scan) -> dict[str, object]:
    assert session.id == project.experiments[session.id].id, "a session has one identity by label and by id"
    return {
        "subjects": sorted(one.label for one in project.subjects.values()),
        "session_type": session.__xsi_type__,
        "modality": session.modality,
        "scan_type": scan.type,
        "scan_uid": scan.uid,
        "resources": sorted(one.label for one in scan.resources.values()),
    }


def download_scan(scan) -> int:
    with tempfile.TemporaryDirectory() as folder:
        scan.download_dir(folder, verbose=False)
        files = [one for one in Path(folder).rglob("*") if one.is_file()]
        assert all(one.read_bytes()[128:132] == b"DICM" for one in files), "every file is DICOM"
        return len(files)


def upload(connection, scan) -> list[str]:
    resource = connection.classes.ResourceCatalog(parent=scan, label="NIFTI", format="NIFTI")
    resource.upload_data(b"first", "img.nii.gz", overwrite=True)
    resource.upload_data(b"second", "img.nii.gz", overwrite=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "inner.txt").write_bytes(b"inner")
        resource.upload_dir(folder, overwrite=True, method="tgz_memory")
    resource.clearcache()
    content = connection.get(resource.files["img.nii.gz"].uri).content
    assert content == b"second", "overwrite=true replaces the file"
    return sorted(one.id for one in resource.files.values())


def roi_path(project, session) -> str:
    label = next(iter(session.assessors.values())).label
    return f"/xapi/roi/projects/{project.id}/collections/{label}"


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:6])))
