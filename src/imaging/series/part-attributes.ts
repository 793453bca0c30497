import type { SliceHeader } from '../dicom/slice.ts';
import type { VolumePart } from './volume-plan.ts';

/** Value of an attribute; undefined where the file does not state it. */
export type PartKey = string | number | undefined;

/** An attribute whose value says which volume of its series a slice belongs to. */
export interface ValueAttribute {
  readonly kind: VolumePart['kind'];
  readonly read: (slice: SliceHeader) => PartKey;
  readonly label: (value: PartKey) => string;
}

/** An attribute whose order among the slices of one place says which phase a slice belongs to. */
export interface RankAttribute {
  readonly name: string;
  /** Compared item by item. */
  readonly read: (slice: SliceHeader) => readonly (string | number)[] | undefined;
}

/** ImageType values that name a component of a complex image (PS3.3 C.8.13.3.1.1 and vendors' short forms). */
const COMPONENTS = ['M', 'P', 'R', 'I', 'MAGNITUDE', 'PHASE', 'REAL', 'IMAGINARY'];

function attribute(
  kind: VolumePart['kind'],
  read: ValueAttribute['read'],
  describe: (value: string) => string,
): ValueAttribute {
  return { kind, read, label: (value) => describe(value === undefined ? 'unstated' : String(value)) };
}

/** Slices that differ in these never share a volume, even where no two of them are in one place. */
export const ALWAYS_APART: readonly ValueAttribute[] = [
  attribute(
    'image-type',
    ({ imageType }) => imageType.slice(2).find((value) => COMPONENTS.includes(value)),
    (value) => `image type ${value}`,
  ),
  attribute(
    'stack',
    ({ acquisition }) => acquisition.stackId,
    (value) => `stack ${value}`,
  ),
];

/** Tried in this order where slices share a place. */
export const APART_BY_VALUE: readonly ValueAttribute[] = [
  attribute(
    'image-type',
    ({ imageType }) => imageType.join('\\'),
    (value) => `image type ${value}`,
  ),
  attribute(
    'echo',
    ({ acquisition }) => acquisition.echoTimeMs,
    (value) => `echo time ${value} ms`,
  ),
  attribute(
    'echo',
    ({ acquisition }) => acquisition.echoNumber,
    (value) => `echo ${value}`,
  ),
  attribute(
    'b-value',
    ({ acquisition }) => acquisition.bValue,
    (value) => `b-value ${value} s/mm2`,
  ),
  attribute(
    'phase',
    ({ acquisition }) => acquisition.temporalPosition,
    (value) => `temporal position ${value}`,
  ),
  attribute(
    'phase',
    ({ acquisition }) => acquisition.acquisitionNumber,
    (value) => `acquisition ${value}`,
  ),
];

/** Tried after those: values that each slice has for itself, such as the time of its own acquisition. */
export const APART_BY_RANK: readonly RankAttribute[] = [
  { name: 'TriggerTime (0018,1060)', read: ({ acquisition }) => single(acquisition.triggerTimeMs) },
  { name: 'AcquisitionTime (0008,0032)', read: ({ acquisition }) => single(acquisition.acquiredAt) },
  {
    name: 'DimensionIndexValues (0020,9157)',
    read: ({ acquisition }) => acquisition.dimensionIndexValues,
  },
];

function single(value: string | number | undefined): readonly (string | number)[] | undefined {
  return value === undefined ? undefined : [value];
}
