import {
  type DataSet,
  readDoubles,
  readInt16,
  readItems,
  readNumbers,
  readString,
  readUint16,
} from './data-set.ts';
import { IMAGE } from './image-attributes.ts';
import type { SliceHeader } from './slice.ts';
import { withoutAbsent } from './without-absent.ts';

/** Where the scale of the values is written. */
export interface ScaleSources {
  /** RescaleSlope and RescaleIntercept; undefined when an enhanced frame has no PixelValueTransformationSequence. */
  readonly transformation: DataSet | undefined;
  /** The first item of the RealWorldValueMappingSequence. */
  readonly mapping: DataSet | undefined;
}

/**
 * Reads the linear scale of the stored values.
 *
 * The modality's own rescale is taken; a real-world value mapping only where it is the single scale in the file, since
 * a file may hold several that contradict each other. Mappings through a lookup table are not linear and are left out.
 */
export function readScale({ transformation, mapping }: ScaleSources): Pick<SliceHeader, 'rescale' | 'units'> {
  const [slope] = (transformation && readNumbers(transformation, IMAGE.rescaleSlope)) ?? [];
  const [intercept] = (transformation && readNumbers(transformation, IMAGE.rescaleIntercept)) ?? [];
  const type = transformation && readString(transformation, IMAGE.rescaleType);
  const fromFile = slope !== undefined && slope !== 0;
  const mapped = fromFile || mapping === undefined ? undefined : readMapping(mapping);
  return (
    mapped ?? {
      rescale: {
        slope: fromFile ? slope : 1,
        intercept: intercept ?? 0,
        fromFile,
        ...withoutAbsent({ type }),
      },
    }
  );
}

function readMapping(mapping: DataSet): Pick<SliceHeader, 'rescale' | 'units'> | undefined {
  const [slope] = readDoubles(mapping, IMAGE.realWorldSlope) ?? [];
  const [intercept = 0] = readDoubles(mapping, IMAGE.realWorldIntercept) ?? [];
  if (slope === undefined || slope === 0) return undefined;
  const [code] = readItems(mapping, IMAGE.measurementUnits);
  const units = code && readString(code, IMAGE.codeValue);
  return {
    rescale: { slope, intercept, fromFile: true, fromRealWorldMapping: true },
    ...withoutAbsent({ units }),
  };
}

/** PixelPaddingValue (0028,0120) to PixelPaddingRangeLimit (0028,0121), ascending. */
export function readPadding(dataSet: DataSet, signed: boolean): SliceHeader['paddingStored'] {
  const read = signed ? readInt16 : readUint16;
  const first = read(dataSet, IMAGE.paddingValue);
  if (first === undefined) return undefined;
  const last = read(dataSet, IMAGE.paddingLimit) ?? first;
  return { low: Math.min(first, last), high: Math.max(first, last) };
}
