import { closeSync, openSync, writeSync } from 'node:fs';
import { decimals, type Element, sequence, uid, writeDicom } from '../../helpers/dicom-elements.ts';
import { TEST_FRAME_UID, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';

const SIDE = 512;
const FRAME_BYTES = (SIDE * SIDE) / 8;
const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const SEG_UID = '1.2.826.0.1.3680043.10.77.9.1';

/** Tubes on a grid of 10 x 10 that run through every slice and overlap their neighbours where they are wide. */
export interface LargeSegmentation {
  readonly segments: number;
  readonly slices: number;
}

/**
 * Writes a BINARY segmentation of `segments x slices` frames of 512 x 512, segment by segment as viewers do, on the
 * grid of {@link writeCtSeries}. Frames are streamed: the file may be larger than memory.
 *
 * @returns voxels of each segment.
 */
export function writeLargeSegmentation(path: string, size: LargeSegmentation): number[] {
  const file = openSync(path, 'w');
  try {
    writeSync(file, head(size));
    const counts: number[] = [];
    for (let segment = 0; segment < size.segments; segment++) {
      let voxels = 0;
      for (let k = 0; k < size.slices; k++) {
        const { bytes, ones } = frame(segment, k);
        voxels += ones;
        writeSync(file, bytes);
      }
      counts.push(voxels);
    }
    return counts;
  } finally {
    closeSync(file);
  }
}

/** Everything before the pixels, and the header of their element. */
function head({ segments, slices }: LargeSegmentation): Uint8Array {
  const numbers = Array.from({ length: segments }, (_, index) => index + 1);
  const planes = Array.from({ length: slices }, (_, k) => k);
  const frames = numbers.flatMap((segment) => planes.map((k) => frameGroups(segment, k)));
  const elements: Element[] = [
    uid('00080016', SEGMENTATION_STORAGE),
    uid('00080018', SEG_UID),
    { tag: '00080060', vr: 'CS', value: 'SEG' },
    sequence('00081115', [[uid('0020000e', TEST_SERIES_UID)]]),
    uid('0020000d', `${SEG_UID}.1`),
    uid('0020000e', `${SEG_UID}.2`),
    uid('00200052', TEST_FRAME_UID),
    ...dimensions(),
    ...pixelFormat(frames.length),
    { tag: '00620001', vr: 'CS', value: 'BINARY' },
    sequence('00620002', numbers.map(segmentItem)),
    sequence('52009229', [sharedGroups()]),
    sequence('52009230', frames),
  ];
  const written = writeDicom(elements, {
    meta: [uid('00020002', SEGMENTATION_STORAGE), uid('00020003', SEG_UID)],
  });
  const out = Buffer.alloc(written.length + 12);
  out.set(written);
  out.writeUInt16LE(0x7fe0, written.length);
  out.writeUInt16LE(0x0010, written.length + 2);
  out.write('OB', written.length + 4, 'latin1');
  out.writeUInt32LE(frames.length * FRAME_BYTES, written.length + 8);
  return out;
}

/** Frames differ by segment and position; readers that sort frames need to be told. */
function dimensions(): Element[] {
  const index = (pointer: number, group: number): Element[] => [
    uid('00209164', `${SEG_UID}.3`),
    { tag: '00209165', vr: 'AT', value: pointer },
    { tag: '00209167', vr: 'AT', value: group },
  ];
  return [
    sequence('00209221', [[uid('00209164', `${SEG_UID}.3`)]]),
    sequence('00209222', [index(0x0062000b, 0x0062000a), index(0x00200032, 0x00209113)]),
  ];
}

function pixelFormat(frames: number): Element[] {
  return [
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280008', vr: 'IS', value: String(frames) },
    { tag: '00280010', vr: 'US', value: SIDE },
    { tag: '00280011', vr: 'US', value: SIDE },
    { tag: '00280100', vr: 'US', value: 1 },
    { tag: '00280101', vr: 'US', value: 1 },
    { tag: '00280102', vr: 'US', value: 0 },
    { tag: '00280103', vr: 'US', value: 0 },
    { tag: '00282110', vr: 'CS', value: '00' },
  ];
}

function segmentItem(number: number): Element[] {
  return [
    sequence('00620003', [code('85756007', 'Tissue')]),
    { tag: '00620004', vr: 'US', value: number },
    { tag: '00620005', vr: 'LO', value: `Tube ${number}` },
    { tag: '00620008', vr: 'CS', value: 'MANUAL' },
    sequence('0062000f', [code('85756007', 'Tissue')]),
  ];
}

function code(value: string, meaning: string): Element[] {
  return [
    { tag: '00080100', vr: 'SH', value },
    { tag: '00080102', vr: 'SH', value: 'SCT' },
    { tag: '00080104', vr: 'LO', value: meaning },
  ];
}

function sharedGroups(): Element[] {
  return [
    sequence('00209116', [[decimals('00200037', [1, 0, 0, 0, 1, 0])]]),
    sequence('00289110', [
      [decimals('00180050', [1.25]), decimals('00180088', [1.25]), decimals('00280030', [0.78125, 0.78125])],
    ]),
  ];
}

function frameGroups(segment: number, k: number): Element[] {
  const source: Element[] = [
    uid('00081150', '1.2.840.10008.5.1.4.1.1.2'),
    uid('00081155', `${TEST_SERIES_UID}.${k + 1}`),
    sequence('0040a170', [code('121322', 'Source image for image processing operation')]),
  ];
  return [
    sequence('00089124', [
      [sequence('00082112', [source]), sequence('00089215', [code('113076', 'Segmentation')])],
    ]),
    sequence('00209111', [[{ tag: '00209157', vr: 'UL', value: [segment, k + 1] }]]),
    sequence('00209113', [[decimals('00200032', [-200, -190, -120 + 1.25 * k])]]),
    sequence('0062000a', [[{ tag: '0062000b', vr: 'US', value: segment }]]),
  ];
}

/** A disc whose radius changes along the tube. */
function frame(segment: number, k: number): { bytes: Uint8Array; ones: number } {
  const bytes = new Uint8Array(FRAME_BYTES);
  const [centreX, centreY] = [30 + 50 * (segment % 10), 30 + 50 * (Math.floor(segment / 10) % 10)];
  const radius = 18 + 12 * Math.sin(k / 9 + segment);
  let ones = 0;
  for (let y = Math.ceil(centreY - radius); y <= centreY + radius; y++) {
    const half = Math.sqrt(Math.max(0, radius * radius - (y - centreY) ** 2));
    for (let x = Math.ceil(centreX - half); x <= centreX + half; x++) {
      const at = y * SIDE + x;
      bytes[at >> 3] = (bytes[at >> 3] as number) | (1 << (at & 7));
      ones++;
    }
  }
  return { bytes, ones };
}
