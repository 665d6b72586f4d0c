"""Installs torch for the CPU: 0.5 GB in place of 4.

The wheel of the package index for Linux on x86-64 is built for CUDA, and will not load without a dozen libraries of several GB. A
computation on the CPU calls none of them. One small library takes their place here: it has all the functions that torch asks of them,
and each returns 100, which CUDA calls `cudaErrorNoDevice`. Where that fails nothing is installed, and the benchmarks leave torch out.
"""

import platform
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

TORCH = "torch==2.15.0"
HERE = Path(__file__).parent
CUDA_SYMBOL = re.compile(r" ((?:__)?(?:cu|nccl|nv|CU)\w*)(?:@(\S+))?$", re.MULTILINE)
CUDA_LIBRARY = re.compile(r"Shared library: \[(lib(?:cu|nccl|nv)[\w.]+)\]")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def works() -> bool:
    command = [sys.executable, "-W", "ignore", "-c", "import torch; torch.ones(2, requires_grad=True).sum().backward()"]
    return subprocess.run(command, capture_output=True).returncode == 0


def write_stand_in(folder: Path) -> None:
    """Builds an empty library that defines the CUDA functions which the libraries in the folder ask for, under the names of the replaced libraries."""
    libraries = [str(path) for path in folder.glob("lib*.so")]
    functions = {match for library in libraries for match in CUDA_SYMBOL.findall(output("nm", "-D", "--undefined-only", library))}
    versions: dict[str, list[str]] = {}
    for name, version in functions:
        if version:
            versions.setdefault(version, []).append(name)
    with tempfile.TemporaryDirectory() as build:
        source, version_script = Path(build, "no_cuda.c"), Path(build, "versions")
        source.write_text("\n".join(f"int {name}(void) {{ return 100; }}" for name in sorted({name for name, _ in functions})))
        version_script.write_text("\n".join(f"{version} {{ {'; '.join(names)}; }};" for version, names in versions.items()))
        stand_in = folder / "no_cuda.so"
        output("cc", "-shared", "-fPIC", "-fno-builtin", str(source), "-o", str(stand_in), f"-Wl,--version-script={version_script}")
    needed = {name for library in libraries for name in CUDA_LIBRARY.findall(output("readelf", "-d", library))}
    for name in needed:
        if not (folder / name).exists():
            (folder / name).symlink_to(stand_in.name)


def main() -> None:
    if works():
        return
    if sys.platform == "linux" and platform.machine() == "x86_64":
        pip("--no-deps", TORCH, "-r", str(HERE / "requirements-torch.txt"))
        write_stand_in(Path(sysconfig.get_path("purelib"), "torch", "lib"))
    else:
        pip(TORCH)
    if not works():
        raise RuntimeError(f"{TORCH} is installed but cannot be imported")


try:
    main()
except (subprocess.CalledProcessError, FileNotFoundError, RuntimeError) as error:
    print(f"torch is not available, the benchmarks leave it out: {error}", file=sys.stderr)
