import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What an XNAT administrator decides about the notifier. */
export interface NotifierSettings {
  /** `https://<api>/v1/...`: where this archive's webhooks go. */
  readonly hookUrl: string;
  /** `whsec_<base64>`, as stored for this archive. Visible to XNAT's container managers. */
  readonly secret: string;
  readonly archiveId: string;
}

/** Any image with Python 3.9 or later; nothing is installed in it. */
const IMAGE = 'python:3.13-alpine';

/**
 * The Container Service command (schema 1.0) that XNAT's Event Service starts: one wrapper for saved ROI collections,
 * one for archived sessions. Ids reach it as inputs; the script travels in the command line, gzipped, because the
 * Container Service mounts nothing for such a command and forbids most shell characters in input values.
 */
export function notifierCommand(settings: NotifierSettings): Record<string, unknown> {
  const script = gzipSync(readFileSync(new URL('notify.py', import.meta.url)), { level: 9 }).toString(
    'base64',
  );
  return {
    name: 'contourflow-notify',
    description: 'Sends a signed webhook to Contourflow',
    'schema-version': '1.0',
    type: 'docker',
    image: IMAGE,
    'override-entrypoint': true,
    'command-line': `echo ${script} | base64 -d | gunzip | python3 -`,
    'environment-variables': {
      HOOK_URL: settings.hookUrl,
      HOOK_SECRET: settings.secret,
      ARCHIVE_ID: settings.archiveId,
      PROJECT: '#PROJECT#',
      SESSION: '#SESSION#',
      ASSESSOR: '#ASSESSOR#',
    },
    inputs: [
      { name: 'PROJECT', type: 'string', required: true },
      { name: 'SESSION', type: 'string', required: true },
      { name: 'ASSESSOR', type: 'string', required: false, 'default-value': '' },
    ],
    xnat: [
      wrapper('notify-roi', 'icr:roiCollectionData', 'Assessor', [
        ['ASSESSOR', 'id'],
        ['PROJECT', 'project-id'],
        ['SESSION', 'session-id'],
      ]),
      wrapper('notify-session', 'xnat:imageSessionData', 'Session', [
        ['PROJECT', 'project-id'],
        ['SESSION', 'id'],
      ]),
    ],
  };
}

/** Each command input takes one property of the object that the event names. */
function wrapper(
  name: string,
  context: string,
  type: 'Assessor' | 'Session',
  inputs: readonly (readonly [input: string, property: string])[],
): Record<string, unknown> {
  const external = type.toLowerCase();
  return {
    name,
    contexts: [context],
    'external-inputs': [{ name: external, type, required: true }],
    'derived-inputs': inputs.map(([input, property]) => ({
      name: `${external}-${property}`,
      type: 'string',
      'derived-from-wrapper-input': external,
      'derived-from-xnat-object-property': property,
      'provides-value-for-command-input': input,
    })),
  };
}
