import { PipelineError } from '../contracts/errors.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';

/** A session's contours and series, wherever they lie: in an XNAT or below `incoming/`. */
export interface SessionSource {
  readonly subject: string;
  /** ROI collections that can be read now. */
  contours(): Promise<SourceContour[]>;
  /** A series of the session by its UID, or null. */
  findSeries(seriesUid: string): Promise<SourceSeries | null>;
  close(): Promise<void>;
}

export interface SourceContour {
  readonly assessorId: string;
  readonly savedAt: string;
  /** The RTSTRUCT, SEG or AIM as it is; `problem` says what is wrong with it when that is known already. */
  readonly bytes: Uint8Array;
  /** The AIM that an RTSTRUCT was derived from, where the archive keeps it. */
  readonly companion: Uint8Array | null;
  readonly problem: PipelineError | null;
}

export interface SourceSeries {
  readonly seriesUid: string;
  readonly scanId: string | null;
  readonly seriesDescription: string;
  readonly modality: string;
  /** Stores every file as a blob of the project. */
  store(): Promise<StoredSeries>;
}

export interface StoredSeries {
  readonly slices: ObjectRef[];
  /** Rows x columns x frames of all files. */
  readonly voxelCount: number;
}

/** An error that lies in the data: its case goes to quarantine, while an archive that is away is asked again. */
export function isDataProblem(error: unknown): error is PipelineError {
  return error instanceof PipelineError && !error.retryable && error.httpStatus < 500;
}
