import { unzipSync } from 'fflate';
import { type DicomHeader, readHeader } from './dicom-header.ts';
import { HttpError } from './http-error.ts';
import type { Scan, Session } from './model.ts';
import { addSession, addSubject, removeSession } from './object-routes.ts';
import { uploadedBytes, type XnatRequest } from './request.ts';
import { found } from './resolve-path.ts';
import type { XnatServer } from './server-context.ts';
import { type Reply, textReply } from './tables.ts';
import { untarGz } from './untar.ts';

interface ImportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly header: DicomHeader;
}

/** `POST /data/services/import?import-handler=DICOM-zip`: one study becomes one archived session. */
export async function importRoute(server: XnatServer, request: XnatRequest): Promise<Reply> {
  const { query } = request;
  const project = found(
    server.store.state.projects[query.get('project') ?? ''],
    'The import names no known project.',
  );
  if (query.get('dest')?.startsWith('/prearchive')) {
    throw new HttpError(422, 'This server has no prearchive; import to /archive.');
  }
  const files = readArchive(uploadedBytes(await request.body(), request.header('content-type')));
  const [first] = files;
  if (first === undefined) throw new HttpError(422, 'The archive holds no DICOM files.');
  if (files.some((file) => file.header.studyUid !== first.header.studyUid)) {
    throw new HttpError(422, 'The archive holds more than one study; import one session at a time.');
  }
  const label = query.get('session') ?? first.header.studyUid;
  const subjectLabel = query.get('subject') ?? first.header.patientId;
  const existing = Object.values(server.store.state.sessions).find(
    (one) => one.project === project.id && one.label === label,
  );
  const overwrite = query.get('overwrite') ?? 'none';
  if (existing !== undefined && overwrite === 'none') {
    throw new HttpError(409, 'Session already exists; pass overwrite=append or overwrite=delete.');
  }
  if (existing !== undefined && overwrite === 'delete') removeSession(server, existing);
  const kept = overwrite === 'append' ? existing : undefined;
  const session = kept ?? createSession(server, project.id, subjectLabel, label, first.header);
  const added = fileSeries(server, session, files);
  server.store.save();
  if (kept === undefined) server.events.sessionSaved(session);
  for (const scan of added) server.events.scanSaved(session, scan.id);
  return textReply(`/data/archive/projects/${project.id}/subjects/${subjectLabel}/experiments/${label}\r\n`);
}

/** Anything in the archive that is not DICOM is passed over. */
function readArchive(content: Buffer): ImportedFile[] {
  const gzipped = content[0] === 0x1f && content[1] === 0x8b;
  const entries = gzipped ? untarGz(content) : unzipped(content);
  return entries.flatMap(([name, bytes]) => {
    const header = readHeader(bytes);
    return header === null ? [] : [{ name: name.split('/').at(-1) ?? name, bytes, header }];
  });
}

function unzipped(content: Buffer): [string, Uint8Array][] {
  try {
    return Object.entries(unzipSync(content));
  } catch {
    throw new HttpError(422, 'The body is neither a zip nor a tar.gz archive.');
  }
}

function createSession(
  server: XnatServer,
  project: string,
  subjectLabel: string,
  label: string,
  header: DicomHeader,
): Session {
  const subject =
    Object.values(server.store.state.subjects).find(
      (one) => one.project === project && one.label === subjectLabel,
    ) ?? addSubject(server, project, subjectLabel);
  return addSession(server, {
    label,
    project,
    subject: subject.id,
    modality: header.modality,
    studyUid: header.studyUid,
    date: header.studyDate.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3'),
  });
}

/** One scan per series, its id the series number; a second series of the same number gets a suffix. */
function fileSeries(server: XnatServer, session: Session, files: readonly ImportedFile[]): Scan[] {
  const added: Scan[] = [];
  for (const { name, bytes, header } of files) {
    let scan = session.scans.find((one) => one.seriesUid === header.seriesUid);
    if (scan === undefined) {
      scan = newScan(server, session, header);
      session.scans.push(scan);
      added.push(scan);
    }
    const resource =
      server.store.findResource(scan, 'DICOM') ??
      server.store.createResource(scan, 'DICOM', { format: 'DICOM', content: 'RAW' });
    const taken = resource.files.some((file) => file.path === name && file.uid !== header.sopInstanceUid);
    server.store.putFile(resource, taken ? `${header.sopInstanceUid}.dcm` : name, bytes);
  }
  return added;
}

function newScan(server: XnatServer, session: Session, header: DicomHeader): Scan {
  const number = header.seriesNumber || '1';
  const taken = new Set(session.scans.map((scan) => scan.id));
  let id = number;
  for (let copy = 1; taken.has(id); copy += 1) id = `${number}-${header.modality}${copy}`;
  const kind = { CT: 'ct', MR: 'mr', PT: 'pet', US: 'us' }[header.modality] ?? 'otherDicom';
  return {
    id,
    rowId: server.store.nextNumber(),
    xsiType: `xnat:${kind}ScanData`,
    type: header.seriesDescription || 'Unknown',
    seriesUid: header.seriesUid,
    seriesDescription: header.seriesDescription,
    modality: header.modality,
    quality: 'usable',
    resources: [],
  };
}
