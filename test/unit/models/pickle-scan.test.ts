import { describe, expect, it } from '@jest/globals';
import { scanPickle } from '../../../src/models/pickle-scan.ts';
import { pickleBytes, pickledText, STATE_DICT_PICKLE } from './bundle-fixture.ts';

/** `pickle.dumps({"w": <calls os.system("true")>}, protocol=p)` of CPython, one per protocol. */
const SYSTEM_CALLS = [
  'KGRwMApWdwpwMQpjcG9zaXgKc3lzdGVtCnAyCihWdHJ1ZQpwMwp0cDQKUnA1CnMu',
  'fXEAWAEAAAB3cQFjcG9zaXgKc3lzdGVtCnECKFgEAAAAdHJ1ZXEDdHEEUnEFcy4=',
  'gAJ9cQBYAQAAAHdxAWNwb3NpeApzeXN0ZW0KcQJYBAAAAHRydWVxA4VxBFJxBXMu',
  'gAN9cQBYAQAAAHdxAWNwb3NpeApzeXN0ZW0KcQJYBAAAAHRydWVxA4VxBFJxBXMu',
  'gASVJgAAAAAAAAB9lIwBd5SMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpRzLg==',
  'gAWVJgAAAAAAAAB9lIwBd5SMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpRzLg==',
];
const shortText = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
const NINE_BYTES_AHEAD = '\t\0\0\0\0\0\0\0';

describe('scanPickle', () => {
  it('accepts a state dict of tensors', () => {
    expect(() => scanPickle(STATE_DICT_PICKLE)).not.toThrow();
  });

  it.each(SYSTEM_CALLS.map((pickle, protocol) => ({ pickle, protocol })))(
    'refuses a call of os.system, protocol $protocol, and names it',
    ({ pickle }) => {
      expect(() => scanPickle(new Uint8Array(Buffer.from(pickle, 'base64')))).toThrow(
        expect.objectContaining({ code: 'UnsafeModel', message: expect.stringContaining('posix.system') }),
      );
    },
  );

  it.each([
    ['a storage torch does not have', 'ctorch\nEvilStorage\n.', 'torch.EvilStorage'],
    ['a longer name that begins like an allowed one', 'ctorch\nFloatStorage.x\n.', 'torch.FloatStorage.x'],
    ['a module behind an allowed one', 'cnot.collections\nOrderedDict\n.', 'not.collections.OrderedDict'],
    ['an instance', '(iposix\nsystem\n.', 'INST'],
    ['an extension code', '\x82\x01.', 'EXT1'],
    ['a textual persistent id', 'Pevil\n.', 'PERSID'],
    ['an out-of-band buffer', '\x97.', 'NEXT_BUFFER'],
    ['a global of one string only', `${shortText('posix')}\x93.`, 'cannot be checked'],
    [
      'a global whose name was computed',
      `${shortText('posix')}${shortText('system')}N0\x93.`,
      'cannot be checked',
    ],
    [
      'a global with something pushed in between',
      `${shortText('posix')}N${shortText('system')}\x93.`,
      'cannot be checked',
    ],
    ['a memo slot that is no string', `Nq\x01${shortText('x')}h\x01\x93.`, 'cannot be checked'],
    [
      'a memo slot written twice',
      `${shortText('collections')}q\x010${shortText('posix')}q\x010h\x01${shortText('system')}\x93.`,
      'posix.system',
    ],
  ])('refuses %s', (_, pickle, reason) => {
    expect(() => scanPickle(pickleBytes('\x80\x04', pickle))).toThrow(
      expect.objectContaining({ code: 'UnsafeModel', message: expect.stringContaining(reason) }),
    );
  });

  it.each([
    [
      'STACK_GLOBAL of two strings',
      `${shortText('collections')}\x94${shortText('OrderedDict')}\x94\x93\x94.`,
    ],
    [
      'STACK_GLOBAL of remembered strings',
      `${shortText('collections')}q\x05${shortText('OrderedDict')}r\x06\0\0\0\x93h\x05j\x06\0\0\0\x93.`,
    ],
    ['text memo opcodes', 'Vcollections\np7\nVOrderedDict\n\x93g7\n.'],
    [
      'every kind of number and container',
      'NI1\nL1L\nF1.5\nJ\0\0\0\0K\0M\0\0G\0\0\0\0\0\0\0\0\x8a\x01\0\x8b\x01\0\0\0\0(t)\x85\x86\x87]}(dl\x8f.',
    ],
    [
      'strings and bytes of every length form',
      `S'x'\nU\x01xT\x01\0\0\0xC\x01xB\x01\0\0\0x${pickledText('x')}\x8d\x01\0\0\0\0\0\0\0x\x8e\x01\0\0\0\0\0\0\0x\x96\x01\0\0\0\0\0\0\0x.`,
    ],
    ['a frame', `\x95${NINE_BYTES_AHEAD}N.`],
  ])('walks through %s', (_, pickle) => {
    expect(() => scanPickle(pickleBytes('\x80\x04', pickle))).not.toThrow();
  });

  it.each([
    ['no end', '\x80\x02N', 'ends too early'],
    ['an unknown opcode', '\x80\x02\xff.', '0xff'],
    ['a text longer than the file', 'X\xff\xff\xff\x7fx.', 'ends too early'],
    ['a text of 2^63 bytes', '\x8d\0\0\0\0\0\0\0\x80x.', 'ends too early'],
    ['a line without end', 'cposix', 'a line has no end'],
    ['nothing', '', 'ends too early'],
  ])('calls a pickle with %s broken', (_, pickle, reason) => {
    expect(() => scanPickle(pickleBytes(pickle))).toThrow(
      expect.objectContaining({ code: 'InvalidModel', message: expect.stringContaining(reason) }),
    );
  });
});
