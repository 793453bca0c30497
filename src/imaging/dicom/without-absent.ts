type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The record without its undefined members: absent in a file means absent here. */
export function withoutAbsent<T extends Record<string, unknown>>(record: T): Present<T> {
  const present: Record<string, unknown> = {};
  for (const key in record) if (record[key] !== undefined) present[key] = record[key];
  return present as Present<T>;
}
