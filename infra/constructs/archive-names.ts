import { ARCHIVE_SECRET_PREFIX, PARAMETERS } from '../../src/contracts/parameters.ts';

/** Where stages find the addresses and the credentials of the archives. */
export function archiveNames() {
  return {
    CONTOURFLOW_ARCHIVE_PARAMETERS: PARAMETERS.archives,
    CONTOURFLOW_ARCHIVE_SECRETS: ARCHIVE_SECRET_PREFIX,
  } as const;
}
