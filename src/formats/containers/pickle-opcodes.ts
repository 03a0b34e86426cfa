import * as l10n from '@vscode/l10n';
import type { PickleMachine } from './pickle-machine';

/** Newest protocol (PEP 574, Python 3.8). */
const MAX_PROTOCOL = 5;

/** Carries out one instruction other than STOP (Python's `pickletools.py`). @throws {FormatError} */
export function runOpcode(machine: PickleMachine, opcode: number): void {
  const { input } = machine;
  switch (opcode) {
    case 0x80: // PROTO
      if (input.u8() > MAX_PROTOCOL) {
        throw machine.error(l10n.t('its pickle is of a protocol newer than {0}', MAX_PROTOCOL));
      }
      return;
    case 0x95: // FRAME
      input.expect(input.u64());
      return;

    case 0x28: // MARK
      machine.mark();
      return;
    case 0x30: // POP, which also pops a mark
      machine.popOrUnmark();
      return;
    case 0x31: // POP_MARK
      machine.popMark();
      return;
    case 0x32: // DUP
      machine.push(machine.top());
      return;

    case 0x4e: // NONE
      machine.push(null);
      return;
    case 0x88: // NEWTRUE
      machine.push(true);
      return;
    case 0x89: // NEWFALSE
      machine.push(false);
      return;
    case 0x49: // INT; protocol 0 and 1 write booleans as 00 and 01
      machine.pushInt();
      return;
    case 0x4c: // LONG
      machine.push(input.decimalLine());
      return;
    case 0x4a: // BININT
      machine.push(input.i32());
      return;
    case 0x4b: // BININT1
      machine.push(input.u8());
      return;
    case 0x4d: // BININT2
      machine.push(input.u16());
      return;
    case 0x8a: // LONG1
      machine.push(input.integer(input.u8()));
      return;
    case 0x8b: // LONG4
      machine.push(input.integer(input.u32()));
      return;
    case 0x46: // FLOAT
      machine.push(input.floatLine());
      return;
    case 0x47: // BINFLOAT
      machine.push(input.f64());
      return;

    case 0x53: // STRING
      machine.pushString(input.quotedLine());
      return;
    case 0x56: // UNICODE
      machine.pushString(input.escapedLine());
      return;
    case 0x55: // SHORT_BINSTRING
      machine.pushByteText(input.u8());
      return;
    case 0x8c: // SHORT_BINUNICODE
      machine.pushText(input.u8());
      return;
    case 0x54: // BINSTRING
      machine.pushByteText(input.u32());
      return;
    case 0x58: // BINUNICODE
      machine.pushText(input.u32());
      return;
    case 0x8d: // BINUNICODE8
      machine.pushText(input.u64());
      return;
    case 0x43: // SHORT_BINBYTES
      machine.pushBlob(input.u8());
      return;
    case 0x42: // BINBYTES
      machine.pushBlob(input.u32());
      return;
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      machine.pushBlob(input.u64());
      return;

    case 0x5d: // EMPTY_LIST
    case 0x29: // EMPTY_TUPLE
      machine.pushArray([]);
      return;
    case 0x6c: // LIST
    case 0x74: // TUPLE
      machine.pushArray(machine.popMark());
      return;
    case 0x85: // TUPLE1
    case 0x86: // TUPLE2
    case 0x87: // TUPLE3
      machine.pushArray(machine.popMany(opcode - 0x84));
      return;
    case 0x61: // APPEND
      machine.append(machine.popMany(1));
      return;
    case 0x65: // APPENDS
      machine.append(machine.popMark());
      return;

    case 0x7d: // EMPTY_DICT
      machine.pushDict([]);
      return;
    case 0x64: // DICT
      machine.pushDict(machine.popMark());
      return;
    case 0x73: // SETITEM
      machine.setItems(machine.popMany(2));
      return;
    case 0x75: // SETITEMS
      machine.setItems(machine.popMark());
      return;

    case 0x8f: // EMPTY_SET
      machine.pushSet([]);
      return;
    case 0x91: // FROZENSET
      machine.pushSet(machine.popMark());
      return;
    case 0x90: // ADDITEMS
      machine.addItems(machine.popMark());
      return;

    case 0x63: // GLOBAL
      machine.push(machine.global(input.nameLine(), input.nameLine()));
      return;
    case 0x93: // STACK_GLOBAL
      machine.pushStackGlobal();
      return;
    case 0x52: // REDUCE
    case 0x81: // NEWOBJ
      machine.pushCall(machine.popMany(2));
      return;
    case 0x92: // NEWOBJ_EX
      machine.pushCall(machine.popMany(3));
      return;
    case 0x69: // INST
      machine.pushInst();
      return;
    case 0x6f: // OBJ
      machine.pushObj();
      return;
    case 0x62: // BUILD
      machine.build();
      return;

    case 0x50: // PERSID
      machine.pushPersistentId(input.nameLine());
      return;
    case 0x51: // BINPERSID
      machine.pushPersistentId(machine.pop());
      return;

    case 0x70: // PUT
      machine.memoize(input.decimalLine());
      return;
    case 0x71: // BINPUT
      machine.memoize(input.u8());
      return;
    case 0x72: // LONG_BINPUT
      machine.memoize(input.u32());
      return;
    case 0x94: // MEMOIZE
      machine.memoizeNext();
      return;
    case 0x67: // GET
      machine.recall(input.decimalLine());
      return;
    case 0x68: // BINGET
      machine.recall(input.u8());
      return;
    case 0x6a: // LONG_BINGET
      machine.recall(input.u32());
      return;

    case 0x82: // EXT1
    case 0x83: // EXT2
    case 0x84: // EXT4
      throw machine.error(l10n.t("its pickle refers to Python's extension registry, which is not in the file"));
    case 0x97: // NEXT_BUFFER
    case 0x98: // READONLY_BUFFER
      throw machine.error(l10n.t('its pickle refers to buffers that are not in the file'));
    default:
      throw machine.error(l10n.t('its pickle has an unknown instruction 0x{0}', opcode.toString(16).padStart(2, '0')));
  }
}
