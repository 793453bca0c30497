import { type DataSet, openDicom, readItems, readString, readStrings, requireString } from './data-set.ts';
import { locateFrames } from './encapsulated-frames.ts';
import { readEnhancedFrames } from './enhanced-frames.ts';
import { IMAGE, SEQUENCE } from './image-attributes.ts';
import { isMosaic, readMosaicTiles } from './mosaic.ts';
import { readPixelLayout } from './pixel-layout.ts';
import { readAcquisition, readPet } from './read-acquisition.ts';
import { readPlane } from './read-plane.ts';
import { readPadding, readScale } from './read-value-meaning.ts';
import { hasFunctionalGroups, requireVolumeSlice } from './require-volume-slice.ts';
import type { EncodedFrame, Slice } from './slice.ts';
import { withoutAbsent } from './without-absent.ts';

/** What every frame or tile of a file shares. */
type CommonHeader = Omit<
  Slice,
  | 'frame'
  | 'positionLps'
  | 'rowCosinesLps'
  | 'columnCosinesLps'
  | 'pixelSpacingMm'
  | 'rescale'
  | 'acquisition'
  | 'encoded'
>;

/**
 * Reads the slices of one file: one of a classic image, one per frame of an enhanced image, one per tile of a mosaic.
 *
 * Names, birth dates and other identifying attributes are never read. The bytes are kept, not copied; no pixel is
 * decoded but those of a mosaic that lost its CSA header.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, DecompressionBomb, CorruptPixelData
 * @throws UnsupportedImage, ColourImage, Localizer, SecondaryCapture for what cannot be part of a grey volume
 */
export function parseSlices(bytes: Uint8Array): readonly Slice[] {
  const { dataSet, syntax, transferSyntaxUid } = openDicom(bytes);
  const frames = requireVolumeSlice(dataSet);
  const layout = readPixelLayout(dataSet);
  const common: CommonHeader = { transferSyntaxUid, ...layout, ...readCommon(dataSet, layout.signed) };
  const bytesPerSample = layout.bitsAllocated / 8;
  const frameBytes = layout.rows * layout.columns * bytesPerSample;
  const located = locateFrames(dataSet, syntax, { frames, frameBytes, bytesPerSample });
  const encoded = located.map((parts): EncodedFrame => ({ transferSyntaxUid, layout, parts }));
  if (hasFunctionalGroups(dataSet)) {
    const headers = readEnhancedFrames(dataSet, frames);
    return headers.map((header, n) => ({
      ...common,
      ...header,
      frame: n + 1,
      encoded: encoded[n] as EncodedFrame,
    }));
  }
  const classic = readClassic(dataSet, common, encoded[0] as EncodedFrame);
  return isMosaic(dataSet) ? readMosaic(dataSet, classic) : [classic];
}

function readCommon(dataSet: DataSet, signed: boolean) {
  return {
    sopClassUid: requireString(dataSet, IMAGE.sopClassUid),
    sopInstanceUid: requireString(dataSet, IMAGE.sopInstanceUid),
    studyUid: requireString(dataSet, IMAGE.studyUid),
    seriesUid: requireString(dataSet, IMAGE.seriesUid),
    modality: requireString(dataSet, IMAGE.modality),
    imageType: readStrings(dataSet, IMAGE.imageType),
    photometricInterpretation: requireString(dataSet, IMAGE.photometric),
    ...withoutAbsent({
      frameOfReferenceUid: readString(dataSet, IMAGE.frameOfReferenceUid),
      units: readString(dataSet, IMAGE.units),
      paddingStored: readPadding(dataSet, signed),
      pet: readPet(dataSet),
    }),
  };
}

function readClassic(dataSet: DataSet, common: CommonHeader, encoded: EncodedFrame): Slice {
  const [mapping] = readItems(dataSet, SEQUENCE.realWorldValueMapping);
  return {
    ...common,
    frame: 1,
    ...readPlane({ position: dataSet, orientation: dataSet, measures: dataSet }),
    ...readScale({ transformation: dataSet, mapping }),
    acquisition: readAcquisition(dataSet),
    encoded,
  };
}

function readMosaic(dataSet: DataSet, whole: Slice): readonly Slice[] {
  return readMosaicTiles(dataSet, whole, whole.encoded).map(({ positionLps, tile }, n) => ({
    ...whole,
    rows: tile.rows,
    columns: tile.columns,
    frame: n + 1,
    positionLps,
    encoded: { ...whole.encoded, tile },
  }));
}
