/** Voxels enclosed by two regions: `lost` had them first, `won` comes later in the label map. */
export interface RegionOverlap {
  readonly lost: string;
  readonly won: string;
  readonly voxels: number;
}

/** What became of one value. */
export interface LedgerAccount {
  /** That it was given. */
  voxels: number;
  /** That it was given once more, by another region of the same value. */
  repeated: number;
  /** That hold it now. */
  held: number;
  /** Painted over, by the value that lost them. */
  readonly taken: number[];
}

/** Who was given how many voxels, and who took them from whom. */
export class LabelLedger {
  readonly #accounts: LedgerAccount[] = [];

  /** @param values - of all regions; each has an account */
  constructor(values: readonly number[]) {
    for (const value of values) this.#accounts[value] ??= { voxels: 0, repeated: 0, held: 0, taken: [] };
  }

  account(value: number): LedgerAccount {
    const account = this.#accounts[value];
    if (account === undefined) throw new RangeError(`value ${value} was not announced to the canvas`);
    return account;
  }

  /** @param repeated - of the voxels, those that another region of the value was given already */
  give(value: number, voxels: number, repeated: number): void {
    const account = this.account(value);
    account.voxels += voxels - repeated;
    account.repeated += repeated;
  }

  /** @param owner - whoever had the voxels until now; 0 is nobody. */
  take(value: number, owner: number, voxels: number): void {
    if (owner === value) return;
    const account = this.account(value);
    account.held += voxels;
    if (owner === 0) return;
    account.taken[owner] = (account.taken[owner] ?? 0) + voxels;
    this.account(owner).held -= voxels;
  }

  overlaps(nameOf: (value: number) => string): RegionOverlap[] {
    const overlaps: RegionOverlap[] = [];
    // forEach leaves out the values that nobody has.
    this.#accounts.forEach(({ taken }, won) => {
      taken.forEach((voxels, lost) => {
        overlaps.push({ lost: nameOf(lost), won: nameOf(won), voxels });
      });
    });
    return overlaps;
  }
}
