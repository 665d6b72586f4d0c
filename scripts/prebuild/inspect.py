"""Prints facts about binaries of any system, as a JSON list: `inspect.py FILE …`."""

import json
import sys

import lief

lief.logging.disable()


NODE_API = ("napi_", "node_api_")


def of_elf(binary):
    sections = [section.name for section in binary.sections]
    return {
        "machine": binary.header.machine_type.name,
        "needs": list(binary.libraries),
        "exports": [symbol.name for symbol in binary.exported_symbols],
        "host": [each.name for each in binary.dynamic_symbols if each.shndx == 0 and each.name.startswith(NODE_API)],
        "versions": [aux.name for need in binary.symbols_version_requirement for aux in need.get_auxiliary_symbols()],
        "stripped": not any(name == ".symtab" or name.startswith(".debug") for name in sections),
    }


# The linker of Mach-O adds these to what a library offers.
LINKER_NAMES = {"__mh_dylib_header", "___dso_handle"}
# The type of a symbol, and the one of a symbol that is defined in a section.
N_TYPE, N_SECT = 0x0E, 0x0E


def of_mach_o(fat):
    binary = fat.at(0)
    exported = [each.name for each in binary.symbols if each.has_export_info and each.name not in LINKER_NAMES]
    local = [each.name for each in binary.symbols if each.raw_type & N_TYPE == N_SECT and not each.has_export_info]
    return {
        "machine": binary.header.cpu_type.name,
        "needs": [each.name for each in binary.libraries if each.command.name != "ID_DYLIB"],
        "exports": [name.removeprefix("_") for name in exported],
        "host": [each.symbol.name.removeprefix("_") for each in binary.bindings if not each.has_library],
        "versions": ["macOS_" + ".".join(map(str, binary.build_version.minos[:2]))],
        "stripped": all(name in LINKER_NAMES or name.endswith("__thunk") for name in local),
        "signed": binary.has_code_signature,
    }


def of_pe(binary):
    return {
        "machine": binary.header.machine.name,
        "needs": [each.name for each in binary.imports],
        "exports": [entry.name for entry in binary.get_export().entries],
        "host": [],  # windows_host.c finds them when the addon is loaded
        "versions": [],
        "stripped": not any(section.name.startswith(".debug") for section in binary.sections) and not binary.has_debug,
    }


def facts(file):
    if lief.is_elf(file):
        return of_elf(lief.ELF.parse(file))
    return of_mach_o(lief.MachO.parse(file)) if lief.is_macho(file) else of_pe(lief.PE.parse(file))


print(json.dumps([facts(file) for file in sys.argv[1:]]))
