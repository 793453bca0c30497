/** One region of a label map. Order matters: where regions overlap, the later entry wins. */
export interface LabelMapEntry {
  readonly name: string;
  /** Value in the mask, 1 to 65535; several entries may share one. */
  readonly value: number;
  /** Other spellings of the same structure. Two of them in one collection are suspicious. */
  readonly synonyms: readonly string[];
  /** ROI names that are parts of the region and are joined on purpose. */
  readonly fuse: readonly string[];
}

/** What a parser found: entries and ignored names, and every complaint about the file. */
export interface LabelMapDraft {
  readonly entries: readonly LabelMapEntry[];
  readonly ignore: readonly string[];
  readonly problems: readonly string[];
}
