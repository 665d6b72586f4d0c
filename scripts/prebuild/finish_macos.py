"""Mends a library for macOS that zig has linked, and signs it again: `finish_macos.py FILE`.

- Weak bindings go. zig binds hidden weak symbols by their names, such as the type of an exception that is caught; nobody
  exports these names. Without the bindings, pointers keep the addresses in the library itself.
- The table of indirect symbols is written anew. Where -x leaves local symbols out, zig skips their entries, and those
  that follow are of other pointers.
"""

import hashlib
import struct
import sys

import lief

DYLD_INFO, CODE_SIGNATURE = (0x22, 0x80000022), 0x1D
WEAK_DEFINES, BINDS_TO_WEAK, LOCAL = 0x8000, 0x10000, 0x80000000
CODE_DIRECTORY, SHA256 = 0xFADE0C02, 2
POINTERS = (lief.MachO.Section.TYPE.NON_LAZY_SYMBOL_POINTERS, lief.MachO.Section.TYPE.LAZY_SYMBOL_POINTERS)


def drop_weak_bindings(file, commands):
    flags = struct.unpack_from("<I", file, 24)[0]
    struct.pack_into("<I", file, 24, flags & ~(WEAK_DEFINES | BINDS_TO_WEAK))
    for command, offset in commands:
        if command in DYLD_INFO:
            struct.pack_into("<II", file, offset + 24, 0, 0)  # weak_bind_off, weak_bind_size


def write_indirect_symbols(file, binary):
    index = {symbol.name: i for i, symbol in enumerate(binary.symbols)}
    weak = lief.MachO.DyldBindingInfo.CLASS.WEAK
    bound = {each.address: index[each.symbol.name] for each in binary.bindings if each.binding_class != weak}
    table = binary.dynamic_symbol_command.indirect_symbol_offset
    for section in binary.sections:
        if section.type not in POINTERS:
            continue
        for i in range(section.size // 8):
            entry = bound.get(section.virtual_address + 8 * i, LOCAL)
            struct.pack_into("<I", file, table + 4 * (section.reserved1 + i), entry)


def sign(file, signature):
    """Writes the hashes of all pages into the ad hoc signature."""
    for i in range(struct.unpack_from(">I", file, signature + 8)[0]):
        blob = signature + struct.unpack_from(">I", file, signature + 16 + 8 * i)[0]
        if struct.unpack_from(">I", file, blob)[0] != CODE_DIRECTORY:
            continue
        (hashes,) = struct.unpack_from(">I", file, blob + 16)
        pages, limit = struct.unpack_from(">II", file, blob + 28)
        size, kind, _, page = struct.unpack_from(">BBBB", file, blob + 36)
        if kind != SHA256:
            raise ValueError(f"the signature has hashes of kind {kind}, not SHA-256")
        for each in range(pages):
            digest = hashlib.sha256(file[each << page : min((each + 1) << page, limit)]).digest()
            struct.pack_into(f"{size}s", file, blob + hashes + each * size, digest)


def main(name):
    binary = lief.MachO.parse(name).at(0)
    with open(name, "rb") as opened:
        file = bytearray(opened.read())
    commands, offset = [], 32
    for _ in range(struct.unpack_from("<I", file, 16)[0]):
        command, size = struct.unpack_from("<II", file, offset)
        commands.append((command, offset))
        offset += size
    drop_weak_bindings(file, commands)
    write_indirect_symbols(file, binary)
    for command, offset in commands:
        if command == CODE_SIGNATURE:
            sign(file, struct.unpack_from("<I", file, offset + 8)[0])
    with open(name, "wb") as opened:
        opened.write(file)


lief.logging.disable()
main(sys.argv[1])
