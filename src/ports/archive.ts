/** What Contourflow needs of an XNAT; `src/adapters/xnat` implements it. */
export interface ArchiveSession {
  project: string;
  /** XNAT accession number of the subject. */
  subject: string;
  /** XNAT accession number of the session. */
  session: string;
  scans: ArchiveScan[];
  roiCollections: ArchiveRoiCollection[];
}

export interface ArchiveScan {
  scanId: string;
  /** SeriesInstanceUID (0020,000E), from XNAT's UID map. */
  seriesUid: string;
  seriesDescription: string;
  modality: string;
}

export interface ArchiveRoiCollection {
  assessorId: string;
  collectionType: 'RTSTRUCT' | 'AIM' | 'SEG';
  /** ISO 8601; XNAT's insert_date. */
  savedAt: string;
  /** Labels of the resources that hold at least one file now: the row may be there before its files are. */
  resourceLabels: string[];
}

/** A file of an ROI collection as the archive lists it, without its bytes. */
export interface ArchiveRoiFile {
  resourceLabel: string;
  name: string;
  /** In bytes, as XNAT writes it. */
  size: string;
  /** Empty where the archive keeps none. */
  digest: string;
}

export interface ArchiveFile {
  name: string;
  bytes: Uint8Array;
}

export interface ImagingArchive {
  /** @throws SessionNotFound, ArchiveUnavailable (retry), ArchiveRejected (do not). */
  readSession(project: string, session: string): Promise<ArchiveSession>;
  /**
   * The DICOM files of a scan: resource `DICOM`, else `secondary`.
   * @throws NoDicomResource when the scan has neither; UnsafeFileAddress when its catalogue names a file elsewhere
   */
  downloadScan(project: string, session: string, scanId: string): AsyncIterable<ArchiveFile>;
  downloadRoi(
    project: string,
    session: string,
    assessorId: string,
    resourceLabel: 'RTSTRUCT' | 'AIM' | 'SEG',
  ): Promise<ArchiveFile>;
  /** Creates the scan resource when it is not there and replaces files of the same name. */
  uploadScanResource(upload: {
    project: string;
    session: string;
    scanId: string;
    label: string;
    format: string;
    content: string;
    files: ArchiveFile[];
  }): Promise<{ uri: string }>;
  /** Every session of the project with ROI collections, and a digest-able list of them: for the poll sweep. */
  listRoiCollections(project: string): Promise<{ session: string; assessorId: string; savedAt: string }[]>;
  /** What a collection holds now: insert_date stays when it is overwritten, and when XNAT derives an RTSTRUCT. */
  listRoiFiles(session: string, assessorId: string): Promise<ArchiveRoiFile[]>;
  /** Ends the server session. */
  close(): Promise<void>;
}
