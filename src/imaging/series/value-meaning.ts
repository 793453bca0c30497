import type { SliceHeader } from '../dicom/slice.ts';
import type { VolumePlan } from './volume-plan.ts';

/** Unit, source and padding of a volume's values, as its slices state them. */
export function describeValues(
  slices: readonly SliceHeader[],
): Pick<VolumePlan, 'unit' | 'scaleSource' | 'padding' | 'warnings'> {
  const first = slices[0] as SliceHeader;
  const padding = realWorldPadding(slices);
  return {
    unit: valueUnit(first),
    scaleSource: scaleSource(first),
    ...(padding.range === undefined ? {} : { padding: padding.range }),
    warnings: [...padding.warnings, ...unitWarnings(slices), ...inversionWarnings(first)],
  };
}

function valueUnit({ modality, rescale, units }: SliceHeader): string {
  if (modality === 'CT' && rescale.fromFile) return rescale.type ?? 'HU';
  return units ?? rescale.type ?? 'US';
}

function scaleSource({ rescale, units }: SliceHeader): VolumePlan['scaleSource'] {
  if (units === 'SUV') return 'suv';
  if (rescale.fromRealWorldMapping) return 'real-world-mapping';
  return rescale.fromFile ? 'rescale' : 'stored';
}

function unitWarnings(slices: readonly SliceHeader[]): string[] {
  const units = new Set(slices.map(valueUnit));
  if (units.size === 1) return [];
  return [
    `slices state different units (${[...units].toSorted().join(', ')}); the first slice's is recorded`,
  ];
}

function inversionWarnings({ photometricInterpretation }: SliceHeader): string[] {
  if (photometricInterpretation !== 'MONOCHROME1') return [];
  return ['MONOCHROME1: the smallest value is meant to be shown white; values are kept as they are stored'];
}

interface Padding {
  readonly range?: { readonly low: number; readonly high: number };
  readonly warnings: readonly string[];
}

/** Padding in real-world values; slices that disagree are said so, since no single range would be true. */
function realWorldPadding(slices: readonly SliceHeader[]): Padding {
  const ranges = slices.map(({ paddingStored, rescale: { slope, intercept } }) => {
    if (paddingStored === undefined) return undefined;
    const ends = [slope * paddingStored.low + intercept, slope * paddingStored.high + intercept];
    return { low: Math.min(...ends), high: Math.max(...ends) };
  });
  const [first] = ranges;
  const agree = ranges.every((range) => range?.low === first?.low && range?.high === first?.high);
  if (!agree) {
    return {
      warnings: [
        'PixelPaddingValue (0028,0120) differs between slices in real-world values; padding is not excluded',
      ],
    };
  }
  return first === undefined ? { warnings: [] } : { range: first, warnings: [] };
}
