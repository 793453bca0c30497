/** Attribute and index names of the single table; shared by infra (which creates it) and the record store. */
export const TABLE = {
  partitionKey: 'PK',
  sortKey: 'SK',
  ttl: 'expiresAt',
  /** project + entity, ordered by state and creation time: every list of the API. */
  index1: { name: 'GSI1', partitionKey: 'GSI1PK', sortKey: 'GSI1SK' },
  /** reverse edges: contour -> case -> dataset -> run -> model. */
  index2: { name: 'GSI2', partitionKey: 'GSI2PK', sortKey: 'GSI2SK' },
} as const;
