import type { CatalogueCase } from '../../../src/datasets/catalogue.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';

export const CLASSES = [
  { index: 1, maskValue: 10, name: 'Liver' },
  { index: 2, maskValue: 20, name: 'Spleen' },
];

type Resource = CatalogueCase['resources'][number];

export function resource(label: string, content: Resource['content'], text = label): Resource {
  const sha256 = sha256Hex(text);
  const object = { key: `projects/p/blobs/sha256/${sha256}`, sha256, sizeBytes: text.length };
  return { label, format: 'NIFTI', content, fileName: 'file.nii.gz', object };
}

/** A complete case of subject and session `number`; members can be replaced. */
export function catalogueCase(number: number, changes: Partial<CatalogueCase> = {}): CatalogueCase {
  return {
    caseId: sha256Hex(`case ${number}`).slice(0, 32),
    state: 'ready',
    subject: `S${number}`,
    session: `E${String(number).padStart(3, '0')}`,
    seriesUid: `1.2.${number}`,
    seriesDescription: 'T1 MPRAGE',
    automationId: 'auto',
    classes: CLASSES,
    ignoredValues: [],
    spacingMm: [2, 2, 2],
    units: 'HU',
    resources: [
      resource('auto-image', 'IMAGE', `image ${number}`),
      resource('auto-mask', 'MASK', `mask ${number}`),
      resource('image-native', 'IMAGE_NATIVE', `native ${number}`),
    ],
    ...changes,
  };
}

export const CRITERIA = {
  Images: { tag: 'image', ResourceLabel: '%-image', ResourceFormat: ['NIFTI'] },
  Labels: { tag: 'label', ResourceLabel: ['%-mask'] },
};
