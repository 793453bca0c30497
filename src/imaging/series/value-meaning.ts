import type { SliceHeader } from '../dicom/slice.ts';
import type { VolumePlan } from './volume-plan.ts';

/** Unit, source and padding of a volume's values, as its slices state them. */
export function describeValues(
  slices: readonly SliceHeader[],
): Pick<VolumePlan, 'unit' | 'scaleSource' | 'padding' | 'warnings'> {
  const first = slices[0] as SliceHeader;
  return {
    unit: valueUnit(first),
    scaleSource: first.rescale.fromFile ? 'rescale' : 'stored',
    ...realWorldPadding(slices),
  };
}

function valueUnit({ modality, rescale, units }: SliceHeader): string {
  if (modality === 'CT' && rescale.fromFile) return rescale.type ?? 'HU';
  return units ?? rescale.type ?? 'US';
}

/** Padding in real-world values; slices that disagree are said so, since no single range would be true. */
function realWorldPadding(slices: readonly SliceHeader[]): Pick<VolumePlan, 'padding' | 'warnings'> {
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
  return first === undefined ? { warnings: [] } : { padding: first, warnings: [] };
}
