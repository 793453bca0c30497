import { describe, expect, it } from '@jest/globals';
import { renderVolume } from '../../../src/imaging/series/image-volume.ts';
import { ACQUISITIONS, acquisitionNamed, asEnhanced } from '../../truth/acquisition.ts';
import { planOf } from '../../truth/draw.ts';
import { largestIntensityError } from '../../truth/sample.ts';
import { writeClassic, writeEnhanced } from '../../truth/write-images.ts';

/** Stored values are whole numbers. */
const ROUNDING = 0.5 + 1e-3;

describe('images against the analytic truth', () => {
  it.each(ACQUISITIONS.filter(({ irregular }) => !irregular))(
    '$name: every voxel has the value of its place in the patient',
    (acquisition) => {
      const volume = renderVolume(planOf(writeClassic(acquisition)));
      expect(volume.values.length).toBe(acquisition.columns * acquisition.rows * acquisition.slices.length);
      expect(largestIntensityError(acquisition, volume)).toBeLessThanOrEqual(ROUNDING);
    },
  );

  it.each(['axial', 'oblique', 'sagittal'])('%s as one enhanced object: the same values', (name) => {
    const acquisition = asEnhanced(acquisitionNamed(name));
    const volume = renderVolume(planOf([writeEnhanced(acquisition)]));
    expect(volume.values.length).toBe(acquisition.columns * acquisition.rows * acquisition.slices.length);
    expect(largestIntensityError(acquisition, volume)).toBeLessThanOrEqual(ROUNDING);
  });

  it.each(ACQUISITIONS.filter(({ irregular }) => irregular))(
    '$name: interpolated voxels have the value of their place, to rounding',
    (acquisition) => {
      const plan = planOf(writeClassic(acquisition));
      const volume = renderVolume(plan);
      const { padding } = volume;
      const isImage = (value: number) => padding === undefined || value < padding.low || value > padding.high;
      expect(plan.irregularity?.policy).toBe('resample');
      const acquired = acquisition.columns * acquisition.rows * acquisition.slices.length;
      expect(volume.values.filter(isImage).length).toBeGreaterThan(0.97 * acquired);
      // At a tilted edge a voxel may take the pixel next to it, half a row away, where the image ends.
      const edge = acquisition.tiltDegrees === 0 ? 0 : 1.5 * acquisition.spacingMm.rows;
      // Stored rounding, and that of the interpolated value.
      expect(largestIntensityError(acquisition, volume, isImage)).toBeLessThanOrEqual(2 * ROUNDING + edge);
    },
  );
});
