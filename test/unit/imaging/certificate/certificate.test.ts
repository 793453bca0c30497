import { describe, expect, it } from '@jest/globals';
import { Certificate, CertificateThresholds } from '../../../../src/contracts/certificate.ts';
import { type CertifyInput, certify } from '../../../../src/imaging/certificate/certificate.ts';
import { DEFAULT_THRESHOLDS } from '../../../../src/imaging/certificate/gates.ts';
import { createGeometry } from '../../../../src/imaging/geometry/volume-geometry.ts';
import type { MaskRegion } from '../../../../src/imaging/mask/mask-findings.ts';

const GEOMETRY = createGeometry({
  sizeIjk: [10, 10, 10],
  spacingMm: [1, 1, 1],
  originLps: [0, 0, 0],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

const LIVER: MaskRegion = {
  name: 'Liver',
  value: 1,
  roiNumbers: [4],
  voxels: 1000,
  voxelsDrawn: 1000,
  volumeMlVoxels: 1,
  volumeMlContours: 1.01,
  contours: 10,
  planes: 10,
  gaps: 0,
};

function input(
  changes: {
    region?: Partial<MaskRegion>;
    mask?: Partial<CertifyInput['mask']>;
    rest?: Partial<CertifyInput>;
    modelVoxels?: number;
  } = {},
): CertifyInput {
  const region = { ...LIVER, ...changes.region };
  const voxels = changes.modelVoxels ?? 124;
  const driftPercent = 100 * ((voxels * 8) / region.voxels - 1);
  return {
    softwareVersion: '0.1.0',
    inputs: [{ role: 'contours', sha256: 'a'.repeat(64), sizeBytes: 10 }],
    slicesRejected: [
      { sha256: 'b'.repeat(64), code: 'UnsupportedImage', message: 'a localizer is not a slice' },
    ],
    native: {
      seriesUid: '1.2.3',
      geometry: GEOMETRY,
      unit: 'HU',
      scaleSource: 'rescale',
      maxStorageError: 0,
      warnings: [],
      slices: Array.from({ length: 10 }),
    },
    mask: {
      geometry: GEOMETRY,
      regions: [region],
      sources: [],
      unmapped: [],
      missing: [],
      overlaps: [],
      warnings: [],
      ...changes.mask,
    },
    resampledImage: {
      geometry: createGeometry({ ...GEOMETRY, sizeIjk: [5, 5, 5], spacingMm: [2, 2, 2] }),
      maxRoundingError: 0.5,
    },
    resampledMask: {
      geometry: GEOMETRY,
      regions: [
        {
          value: 1,
          voxelsNative: region.voxels,
          voxels,
          volumeMlNative: 1,
          volumeMl: voxels * 0.008,
          driftPercent,
        },
      ],
    },
    missingPolicy: 'review',
    ...changes.rest,
  };
}

function failed(certificate: Certificate): string[] {
  return certificate.gates.filter(({ passed }) => !passed).map(({ gate }) => gate);
}

describe('certify', () => {
  it('says of every region of the file what it became and where it comes from', () => {
    const source = {
      ...{ number: 4, name: 'Liver', value: 1, voxels: 1000 },
      provenance: {
        format: 'SEG',
        sourceUid: '1.2.3',
        algorithm: 'AUTOMATIC Net',
        fractional: { type: 'PROBABILITY', threshold: 0.5 },
      },
    } as const;
    const undrawn = {
      number: 5,
      name: 'Skin',
      value: null,
      voxels: 0,
      provenance: { format: 'SEG' },
    } as const;
    const certificate = certify(input({ mask: { sources: [source, undrawn] } }));
    expect(Certificate.parse(certificate).sources).toEqual([source, undrawn]);
    const { sources: _, ...before } = certificate;
    expect(Certificate.parse(before).sources).toEqual([]);
  });

  it('is ready when every gate passes, and follows its schema', () => {
    const certificate = certify(input());
    expect(Certificate.parse(certificate)).toEqual(certificate);
    expect(certificate).toMatchObject({ outcome: 'ready', reasons: [], slicesUsed: 10 });
    expect(certificate.gates).toHaveLength(6);
    expect(certificate.regions[0]?.contourDriftPercent).toBeCloseTo(-0.99, 2);
    expect(certificate.regions[0]?.resamplingDriftPercent).toBeCloseTo(-0.8, 9);
  });

  it('is the same for the same input', () => {
    expect(certify(input())).toEqual(certify(input()));
  });

  it('has the default thresholds of its schema', () => {
    expect(CertificateThresholds.parse({})).toEqual(DEFAULT_THRESHOLDS);
  });

  it.each([
    {
      name: 'voxels far from contours',
      changes: { region: { volumeMlContours: 1.25 } },
      gate: 'contour-voxel-volume',
      reason: '20.0 %',
    },
    {
      name: 'voxels of contours that enclose nothing',
      changes: { region: { volumeMlContours: 0 } },
      gate: 'contour-voxel-volume',
      reason: '100.0 %',
    },
    {
      name: 'drift',
      changes: { modelVoxels: 145 },
      gate: 'resampling-drift',
      reason: '16.0 % (allowed 15 %)',
    },
    {
      name: 'overlap',
      changes: { mask: { overlaps: [{ lost: 'Liver', won: 'Gall', voxels: 20 }] } },
      gate: 'overlap-share',
      reason: 'loses 2.0 %',
    },
    {
      name: 'a missing region',
      changes: { mask: { missing: [{ name: 'Spleen', value: 2 }] } },
      gate: 'missing-regions',
      reason: '"Spleen"',
    },
    {
      name: 'a warning for a person',
      changes: {
        mask: {
          warnings: [{ code: 'MergedRois', message: 'joined', needsReview: true, details: {} } as const],
        },
      },
      gate: 'review-warnings',
      reason: 'joined',
    },
  ])('asks for review because of $name', ({ changes, gate, reason }) => {
    const certificate = certify(input(changes));
    expect(certificate.outcome).toBe('needs-review');
    expect(failed(certificate)).toEqual([gate]);
    expect(certificate.reasons.join()).toContain(reason);
  });

  it('never lets a lost region pass, whatever the thresholds', () => {
    const generous = {
      ...DEFAULT_THRESHOLDS,
      resamplingDriftPercent: 1000,
      smallRegionPercent: 1000,
      contourVolumePercent: 1000,
    };
    const lost = certify(input({ modelVoxels: 0, rest: { thresholds: generous } }));
    expect(failed(lost)).toEqual(['region-lost']);
    expect(lost.reasons).toEqual(['no voxel is left of "Liver"']);
    const never = input({ region: { voxels: 0, voxelsDrawn: 0, volumeMlVoxels: 0, volumeMlContours: 0 } });
    const drawn = certify({ ...never, resampledMask: { geometry: GEOMETRY, regions: [] } });
    expect(failed(drawn)).toEqual(['region-lost']);
    expect(drawn.regions[0]).toMatchObject({ contourDriftPercent: null, resamplingDriftPercent: null });
  });

  it.each(['absent', 'ignore'] as const)(
    'accepts missing regions under policy %s and keeps them listed',
    (missingPolicy) => {
      const certificate = certify(
        input({ mask: { missing: [{ name: 'Spleen', value: 2 }] }, rest: { missingPolicy } }),
      );
      expect(certificate.outcome).toBe('ready');
      expect(certificate.missing).toEqual([{ name: 'Spleen', value: 2, policy: missingPolicy }]);
    },
  );

  it('allows regions that are small on either grid more drift', () => {
    const drift = (voxels: number, modelVoxels: number) => {
      const certificate = certify(input({ region: { voxels, voxelsDrawn: voxels }, modelVoxels }));
      return certificate.gates.find(({ gate }) => gate === 'resampling-drift');
    };
    expect(drift(400, 56)).toMatchObject({ threshold: 15, passed: true });
    expect(drift(4000, 450)).toMatchObject({ threshold: 15, passed: true });
    expect(drift(8000, 1100)).toMatchObject({ threshold: 5, passed: false });
  });

  it('names the region that is worst', () => {
    const spleen = { ...LIVER, name: 'Spleen', value: 2, volumeMlContours: 1.3 };
    const base = input();
    const regions = [
      ...base.resampledMask.regions,
      { ...(base.resampledMask.regions[0] as object), value: 2 } as never,
    ];
    const certificate = certify({
      ...base,
      mask: { ...base.mask, regions: [LIVER, spleen] },
      resampledMask: { geometry: GEOMETRY, regions },
    });
    expect(certificate.gates.find(({ gate }) => gate === 'contour-voxel-volume')?.region).toBe('Spleen');
  });

  it('passes warnings about the image on and is ready without regions', () => {
    const base = input();
    const certificate = certify({
      ...base,
      native: { ...base.native, warnings: ['padding differs'] },
      mask: { ...base.mask, regions: [] },
    });
    expect(certificate.warnings).toEqual([
      { code: 'ImageWarning', message: 'padding differs', region: null, needsReview: false },
    ]);
    expect(certificate.outcome).toBe('ready');
  });
});
