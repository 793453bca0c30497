/** A prefix code as deflate has it (RFC 1951, section 3.2.2): its lengths alone say what it is. */
export interface HuffmanCode {
  /** Bits of each symbol's code; 0 for a symbol that does not occur. */
  readonly lengths: Uint8Array;
  /** Each symbol's code, the bit that is written first lowest. */
  readonly codes: Uint16Array;
}

/**
 * The shortest code for symbols of these frequencies, or nearly so where it would have codes of more than `limit` bits.
 *
 * A lone symbol has a code of one bit.
 */
export function huffmanCode(frequencies: Uint32Array, limit: number): HuffmanCode {
  let wanted = frequencies;
  let lengths = codeLengths(wanted);
  while (lengths.some((length) => length > limit)) {
    // The rarer symbols become the more frequent they are made to look, the shorter are their codes.
    wanted = wanted.map((frequency) => Math.ceil(frequency / 2));
    lengths = codeLengths(wanted);
  }
  return { lengths, codes: codesOf(lengths) };
}

/** Joins the two rarest until one is left; leaves and joints are each in ascending order, so the rarest come first. */
function codeLengths(frequencies: Uint32Array): Uint8Array {
  const lengths = new Uint8Array(frequencies.length);
  const symbols = Array.from(frequencies.keys()).filter((symbol) => (frequencies[symbol] as number) > 0);
  symbols.sort((a, b) => (frequencies[a] as number) - (frequencies[b] as number) || a - b);
  const leaves = symbols.length;
  const weights = symbols.map((symbol) => frequencies[symbol] as number);
  const parents: number[] = [];
  let [leaf, joint] = [0, leaves];
  const rarest = (): number => {
    const first =
      leaf < leaves && (joint >= weights.length || (weights[leaf] as number) <= (weights[joint] as number));
    return first ? leaf++ : joint++;
  };
  while (weights.length < 2 * leaves - 1) {
    const [a, b] = [rarest(), rarest()];
    parents[a] = weights.length;
    parents[b] = weights.length;
    weights.push((weights[a] as number) + (weights[b] as number));
  }
  const depths = [...weights.keys()].map(() => 0);
  for (let node = weights.length - 2; node >= 0; node--)
    depths[node] = (depths[parents[node] as number] as number) + 1;
  symbols.forEach((symbol, index) => {
    lengths[symbol] = Math.max(1, depths[index] as number);
  });
  return lengths;
}

function codesOf(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let next = 0;
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  for (let bits = 1; bits <= longest; bits++, next *= 2) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === bits) codes[symbol] = reversed(next++, bits);
    }
  }
  return codes;
}

function reversed(code: number, bits: number): number {
  let turned = 0;
  for (let bit = 0; bit < bits; bit++) turned |= ((code >>> bit) & 1) << (bits - 1 - bit);
  return turned;
}
