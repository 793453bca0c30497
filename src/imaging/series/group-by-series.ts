/** Slices, or files of them, by SeriesInstanceUID (0020,000E), in the order in which the series and their slices appear. */
export function groupBySeries<S extends { readonly seriesUid: string }>(
  slices: readonly S[],
): Map<string, S[]> {
  const series = new Map<string, S[]>();
  for (const slice of slices) {
    const group = series.get(slice.seriesUid);
    if (group === undefined) series.set(slice.seriesUid, [slice]);
    else group.push(slice);
  }
  return series;
}
