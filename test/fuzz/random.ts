/** A fast seeded generator (xorshift128, 32 bit): millions of draws a second, the same sequence on every machine. */
export class FuzzRandom {
  #x: number;
  #y: number;
  #z: number;
  #w: number;

  constructor(seed: number) {
    this.#x = seed | 0 || 1;
    this.#y = 0x6c07_8965 ^ (seed * 31);
    this.#z = 0x9908_b0df;
    this.#w = 0x9d2c_5680;
    for (let warmUp = 0; warmUp < 16; warmUp++) this.below(2);
  }

  /** Uniform whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8);
    return (this.#w >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
