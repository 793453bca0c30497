/** Least and largest of many numbers; a series may hold more than fit the arguments of `Math.min`. */
export function extentOf(values: readonly number[]): readonly [least: number, largest: number] {
  return values.reduce<readonly [number, number]>(
    ([least, largest], value) => [Math.min(least, value), Math.max(largest, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
