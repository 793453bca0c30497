import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatePhantom, type Phantom, phantomRtstruct } from '../../local/phantoms/generate-phantom.ts';
import { createRandom } from '../../local/phantoms/random.ts';
import { writeSeries } from '../../local/phantoms/write-series.ts';

/** A phantom whose files carry another PatientID (0010,0020), such as that of a second study; '' for none. */
export function phantomOf(subject: number, patientId: string): Phantom {
  const phantom = generatePhantom({ seed: 5, subject });
  const structures = { ...phantom.structures, patientId };
  const random = createRandom(`phantom-folder/${subject}`);
  return {
    ...phantom,
    structures,
    scans: [writeSeries({ seriesNumber: '2', structures, truth: phantom.truth, random })],
  };
}

/** `CT.2.*.dcm` and `rs.dcm`, as a site keeps a study. */
export function writeStudy(folder: string, phantom: Phantom): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of phantom.scans.flatMap(({ files }) => files)) {
    writeFileSync(join(folder, name), bytes);
  }
  writeFileSync(join(folder, 'rs.dcm'), phantomRtstruct(phantom));
}
