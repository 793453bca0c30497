/** How the argument of a pickle opcode is stored, protocols 0 to 5 (Python's pickletools). */
export type ArgumentKind =
  | 'none'
  | 'line'
  | 'two-lines'
  | 'u1'
  | 'u2'
  | 'u4'
  | 'u8'
  | 'f8'
  | 'u1-bytes'
  | 'u4-bytes'
  | 'u8-bytes';

/** opcode byte, name, argument */
const TABLE: readonly (readonly [string, string, ArgumentKind])[] = [
  ['(', 'MARK', 'none'],
  ['.', 'STOP', 'none'],
  ['0', 'POP', 'none'],
  ['1', 'POP_MARK', 'none'],
  ['2', 'DUP', 'none'],
  ['F', 'FLOAT', 'line'],
  ['I', 'INT', 'line'],
  ['J', 'BININT', 'u4'],
  ['K', 'BININT1', 'u1'],
  ['L', 'LONG', 'line'],
  ['M', 'BININT2', 'u2'],
  ['N', 'NONE', 'none'],
  ['P', 'PERSID', 'line'],
  ['Q', 'BINPERSID', 'none'],
  ['R', 'REDUCE', 'none'],
  ['S', 'STRING', 'line'],
  ['T', 'BINSTRING', 'u4-bytes'],
  ['U', 'SHORT_BINSTRING', 'u1-bytes'],
  ['V', 'UNICODE', 'line'],
  ['X', 'BINUNICODE', 'u4-bytes'],
  ['a', 'APPEND', 'none'],
  ['b', 'BUILD', 'none'],
  ['c', 'GLOBAL', 'two-lines'],
  ['d', 'DICT', 'none'],
  ['}', 'EMPTY_DICT', 'none'],
  ['e', 'APPENDS', 'none'],
  ['g', 'GET', 'line'],
  ['h', 'BINGET', 'u1'],
  ['i', 'INST', 'two-lines'],
  ['j', 'LONG_BINGET', 'u4'],
  ['l', 'LIST', 'none'],
  [']', 'EMPTY_LIST', 'none'],
  ['o', 'OBJ', 'none'],
  ['p', 'PUT', 'line'],
  ['q', 'BINPUT', 'u1'],
  ['r', 'LONG_BINPUT', 'u4'],
  ['s', 'SETITEM', 'none'],
  ['t', 'TUPLE', 'none'],
  [')', 'EMPTY_TUPLE', 'none'],
  ['u', 'SETITEMS', 'none'],
  ['G', 'BINFLOAT', 'f8'],
  ['B', 'BINBYTES', 'u4-bytes'],
  ['C', 'SHORT_BINBYTES', 'u1-bytes'],
  ['\x80', 'PROTO', 'u1'],
  ['\x81', 'NEWOBJ', 'none'],
  ['\x82', 'EXT1', 'u1'],
  ['\x83', 'EXT2', 'u2'],
  ['\x84', 'EXT4', 'u4'],
  ['\x85', 'TUPLE1', 'none'],
  ['\x86', 'TUPLE2', 'none'],
  ['\x87', 'TUPLE3', 'none'],
  ['\x88', 'NEWTRUE', 'none'],
  ['\x89', 'NEWFALSE', 'none'],
  ['\x8a', 'LONG1', 'u1-bytes'],
  ['\x8b', 'LONG4', 'u4-bytes'],
  ['\x8c', 'SHORT_BINUNICODE', 'u1-bytes'],
  ['\x8d', 'BINUNICODE8', 'u8-bytes'],
  ['\x8e', 'BINBYTES8', 'u8-bytes'],
  ['\x8f', 'EMPTY_SET', 'none'],
  ['\x90', 'ADDITEMS', 'none'],
  ['\x91', 'FROZENSET', 'none'],
  ['\x92', 'NEWOBJ_EX', 'none'],
  ['\x93', 'STACK_GLOBAL', 'none'],
  ['\x94', 'MEMOIZE', 'none'],
  ['\x95', 'FRAME', 'u8'],
  ['\x96', 'BYTEARRAY8', 'u8-bytes'],
  ['\x97', 'NEXT_BUFFER', 'none'],
  ['\x98', 'READONLY_BUFFER', 'none'],
];

export const OPCODE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  TABLE.map(([character, name]) => [character.charCodeAt(0), name]),
);
export const ARGUMENTS: Readonly<Record<string, ArgumentKind>> = Object.fromEntries(
  TABLE.map(([, name, argument]) => [name, argument]),
);
