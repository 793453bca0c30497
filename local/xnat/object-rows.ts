import type { Assessor, Project, Resource, Scan, Session, Subject } from './model.ts';
import type { Place } from './resolve-path.ts';
import type { Row } from './tables.ts';

/** Columns of each list, in the order of XNAT's source, then those that clients ask for by name. */
export const PROJECT_COLUMNS =
  'pi_firstname,secondary_ID,pi_lastname,name,description,ID,URI,insert_date'.split(',');
export const SUBJECT_COLUMNS = 'insert_date,project,ID,label,insert_user,URI'.split(',');
export const SESSION_COLUMNS =
  'date,xsiType,xnat:subjectassessordata/id,insert_date,project,ID,label,URI,subject_ID,modality'.split(',');
export const SCAN_COLUMNS =
  'xnat_imagescandata_id,ID,type,quality,xsiType,note,series_description,UID,modality,URI'.split(',');
export const ASSESSOR_COLUMNS =
  'date,xsiType,session_label,xnat:imageassessordata/id,insert_date,session_ID,project,ID,label,URI,collectionType,name'.split(
    ',',
  );
export const RESOURCE_COLUMNS =
  'xnat_abstractresource_id,label,element_name,xsiType,category,cat_id,cat_desc,file_count,file_size,tags,content,format,URI'.split(
    ',',
  );
export const FILE_COLUMNS =
  'Name,Size,URI,collection,file_tags,file_format,file_content,cat_ID,digest,path'.split(',');

export const projectRow = (project: Project): Row => ({
  pi_firstname: '',
  secondary_ID: project.id,
  pi_lastname: '',
  name: project.name,
  description: project.description,
  ID: project.id,
  URI: `/data/projects/${encodeURIComponent(project.id)}`,
  insert_date: project.insertDate,
});

export const subjectRow = (subject: Subject): Row => ({
  insert_date: subject.insertDate,
  project: subject.project,
  ID: subject.id,
  label: subject.label,
  insert_user: 'admin',
  URI: `/data/subjects/${subject.id}`,
});

export const sessionRow = (session: Session): Row => ({
  date: session.date,
  xsiType: session.xsiType,
  'xnat:subjectassessordata/id': session.id,
  insert_date: session.insertDate,
  project: session.project,
  ID: session.id,
  label: session.label,
  URI: `/data/experiments/${session.id}`,
  subject_ID: session.subject,
  modality: session.modality,
});

export const scanRow = (session: Session, scan: Scan): Row => ({
  xnat_imagescandata_id: String(scan.rowId),
  ID: scan.id,
  type: scan.type,
  quality: scan.quality,
  xsiType: scan.xsiType,
  note: '',
  series_description: scan.seriesDescription,
  UID: scan.seriesUid,
  modality: scan.modality,
  URI: `/data/experiments/${session.id}/scans/${encodeURIComponent(scan.id)}`,
});

export const assessorRow = (assessor: Assessor, session: Session | undefined): Row => ({
  date: assessor.date,
  xsiType: 'icr:roiCollectionData',
  session_label: session?.label ?? '',
  'xnat:imageassessordata/id': assessor.id,
  insert_date: assessor.insertDate,
  session_ID: assessor.session,
  project: assessor.project,
  ID: assessor.id,
  label: assessor.label,
  URI: `/data/experiments/${assessor.id}`,
  collectionType: assessor.collectionType,
  name: assessor.name,
});

const sizeOf = (resource: Resource): number => resource.files.reduce((sum, file) => sum + file.size, 0);

export const resourceRow = (resource: Resource, place: Place): Row => ({
  xnat_abstractresource_id: String(resource.id),
  label: resource.label,
  element_name: 'xnat:resourceCatalog',
  xsiType: 'xnat:resourceCatalog',
  category: place.category,
  cat_id: place.uri.split('/').at(-1) ?? '',
  cat_desc: '',
  file_count: String(resource.files.length),
  file_size: String(sizeOf(resource)),
  tags: resource.tags,
  content: resource.content,
  format: resource.format,
  URI: `${place.uri}/resources/${resource.id}`,
});

export function fileRows(resource: Resource, place: Place): Row[] {
  return resource.files.map((file) => ({
    Name: file.path.split('/').at(-1) ?? file.path,
    Size: String(file.size),
    URI: `${place.uri}/resources/${resource.id}/files/${file.path.split('/').map(encodeURIComponent).join('/')}`,
    collection: resource.label,
    file_tags: file.tags,
    file_format: file.format,
    file_content: file.content,
    cat_ID: String(resource.id),
    digest: file.digest,
    path: file.path,
  }));
}

/** A single item as `?format=json` shows it. */
export interface Item {
  readonly data_fields: Readonly<Record<string, string>>;
  readonly meta: { readonly 'xsi:type': string; readonly isHistory: boolean };
  readonly children: readonly { readonly field: string; readonly items: readonly Item[] }[];
}

const item = (type: string, fields: Item['data_fields'], children: Item['children'] = []): Item => ({
  data_fields: fields,
  meta: { 'xsi:type': type, isHistory: false },
  children,
});

export const projectItem = (project: Project): Item =>
  item('xnat:projectData', { ID: project.id, secondary_ID: project.id, name: project.name });

export const subjectItem = (subject: Subject): Item =>
  item('xnat:subjectData', { ID: subject.id, label: subject.label, project: subject.project });

export const sessionItem = (session: Session): Item =>
  item(
    session.xsiType,
    {
      ID: session.id,
      id: session.id,
      label: session.label,
      project: session.project,
      subject_ID: session.subject,
      UID: session.studyUid,
      modality: session.modality,
      date: session.date,
    },
    [{ field: 'scans/scan', items: session.scans.map((scan) => scanItem(session, scan)) }],
  );

export const scanItem = (session: Session, scan: Scan): Item =>
  item(scan.xsiType, {
    ID: scan.id,
    type: scan.type,
    UID: scan.seriesUid,
    series_description: scan.seriesDescription,
    modality: scan.modality,
    quality: scan.quality,
    image_session_ID: session.id,
    xnat_imagescandata_id: String(scan.rowId),
  });

export function assessorItem(assessor: Assessor, session: Session | undefined): Item {
  const series = assessor.seriesUids.map((seriesUID) =>
    item('icr:roiCollectionData_seriesUID', { seriesUID }),
  );
  return item(
    'icr:roiCollectionData',
    {
      date: assessor.date,
      time: assessor.time,
      UID: assessor.uid,
      collectionType: assessor.collectionType,
      name: assessor.name,
      imageSession_ID: assessor.session,
      project: assessor.project,
      id: assessor.id,
      ID: assessor.id,
      label: assessor.label,
      subjectID: session?.subject ?? '',
    },
    [{ field: 'references/seriesUID', items: series }],
  );
}
