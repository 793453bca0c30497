import { PipelineError } from '../../src/contracts/errors.ts';
import type { Archives } from '../../src/ports/index.ts';
import { archives } from '../_shared/adapters.ts';

/** Without an archive's settings the API does everything but look into one. */
export function archivesIfConfigured(env: {
  CONTOURFLOW_ARCHIVE_PARAMETERS?: string | undefined;
  CONTOURFLOW_ARCHIVE_SECRETS?: string | undefined;
}): Archives {
  const { CONTOURFLOW_ARCHIVE_PARAMETERS, CONTOURFLOW_ARCHIVE_SECRETS } = env;
  if (CONTOURFLOW_ARCHIVE_PARAMETERS && CONTOURFLOW_ARCHIVE_SECRETS) {
    return archives({ CONTOURFLOW_ARCHIVE_PARAMETERS, CONTOURFLOW_ARCHIVE_SECRETS });
  }
  return {
    ids: async () => [],
    open: async () => {
      throw new PipelineError(
        'ConfigurationError',
        'the API has no access to archives; wait for the poll sweep',
      );
    },
  };
}
