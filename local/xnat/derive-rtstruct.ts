import { uidFrom } from '../phantoms/random.ts';
import type { Structures } from '../phantoms/structures.ts';
import type { Vec3 } from '../phantoms/vector.ts';
import { writeRtstruct } from '../phantoms/write-rtstruct.ts';
import type { AimCollection, AimPolygon } from './aim.ts';
import { type DicomHeader, readHeader } from './dicom-header.ts';
import { HttpError } from './http-error.ts';
import type { Session } from './model.ts';
import type { Store } from './store.ts';

/**
 * The RTSTRUCT that the viewer's plugin derives from an AIM collection: image pixels become patient mm through each
 * slice's own plane, `mm = IPP + X * columnSpacing * (x - 0.5) + Y * rowSpacing * (y - 0.5)`.
 */
export function deriveRtstruct(store: Store, session: Session, aim: AimCollection): Buffer {
  const headers = imageHeaders(store, session, new Set(aim.seriesUids));
  const first = headers.get(aim.sopInstanceUids[0] ?? '') ?? headers.values().next().value;
  if (first === undefined) throw new HttpError(500, 'The images of this collection hold no geometry.');
  const regions = aim.regions.map((region) => ({
    name: region.name,
    colour: region.colour,
    contours: region.polygons.map((polygon) => ({
      sopInstanceUid: polygon.sopInstanceUid,
      points: toPatient(polygon, headers.get(polygon.sopInstanceUid)),
    })),
  }));
  const structures: Structures = {
    label: aim.name,
    patientId: first.patientId,
    patientName: first.patientName,
    uid: uidFrom('derived', session.id, aim.uid),
    series: {
      studyUid: first.studyUid,
      seriesUid: first.seriesUid,
      frameOfReferenceUid: first.frameOfReferenceUid,
      sopClassUid: first.sopClassUid,
      sopInstanceUids: [...headers.values()]
        .filter((header) => header.seriesUid === first.seriesUid)
        .map((header) => header.sopInstanceUid),
    },
    regions,
  };
  return writeRtstruct(structures);
}

function imageHeaders(
  store: Store,
  session: Session,
  seriesUids: ReadonlySet<string>,
): Map<string, DicomHeader> {
  const scans = session.scans.filter((scan) => seriesUids.has(scan.seriesUid));
  const resources = scans.flatMap((scan) => store.resourcesOf(scan));
  const headers = resources.flatMap((resource) =>
    resource.files
      .filter((file) => file.uid !== undefined)
      .flatMap((file) => readHeader(store.readFile(resource, file)) ?? []),
  );
  return new Map(headers.map((header) => [header.sopInstanceUid, header]));
}

function toPatient(polygon: AimPolygon, header: DicomHeader | undefined): Vec3[] {
  const [rowSpacing, columnSpacing] = header?.pixelSpacing ?? [];
  const [x0, y0, z0] = header?.position ?? [];
  const [xx, xy, xz, yx, yy, yz] = header?.orientation ?? [];
  const plane = [rowSpacing, columnSpacing, x0, y0, z0, xx, xy, xz, yx, yy, yz];
  if (!plane.every((value) => value !== undefined && Number.isFinite(value))) {
    throw new HttpError(500, 'An image of this collection has no plane.');
  }
  const along = (origin = 0, row = 0, column = 0, a = 0, b = 0): number => origin + row * a + column * b;
  return polygon.points.map(([x, y]) => {
    const a = (x - 0.5) * (columnSpacing as number);
    const b = (y - 0.5) * (rowSpacing as number);
    return [along(x0, xx, yx, a, b), along(y0, xy, yy, a, b), along(z0, xz, yz, a, b)];
  });
}
