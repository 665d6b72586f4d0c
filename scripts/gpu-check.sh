#!/usr/bin/env bash
# Builds the plugin and checks it on the card of this machine, also under compute-sanitizer where there is one. It needs
# nvcc and g++, no Node: scripts/gpu-check.sh [nvcc]; `npm run test:gpu` gives it the nvcc of this repository.
set -euo pipefail
cd "$(dirname "$0")/.."
nvcc=${1:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
[ -x "$nvcc" ] || { echo "gpu-check: no nvcc: expected one on the PATH, in /usr/local/cuda, or as the argument"; exit 2; }
out=out/gpu
mkdir -p "$out"

# The architectures of scripts/gpu/flags.mjs, or one of them: ARCHITECTURES=90 builds faster.
codes=()
for number in ${ARCHITECTURES:-75 80 86 90 100 120}; do codes+=(-gencode "arch=compute_$number,code=sm_$number"); done
codes+=(-gencode "arch=compute_$number,code=compute_$number") # newer cards compile PTX
"$nvcc" -shared -cudart static -cudadevrt none -O3 -std=c++20 -Xcompiler -fPIC,-fvisibility=hidden "${codes[@]}" \
  -Inative/cuda/nvcc -Inative -Inative/include "-L$(dirname "$nvcc")/../lib" -o "$out/genmi_cuda.so" \
  native/cuda/affinity/*.cu native/cuda/objectives/*.cu native/cuda/plugin/*.cpp
g++ -std=c++20 -O2 -Wall -Wextra -Inative/include -Itest/native test/cuda/gpu/check.cpp "$out/genmi_cuda.so" \
  -Wl,-rpath,'$ORIGIN' -o "$out/check"

status=0
"$out/check" || status=$?
[ "$status" -ne 77 ] || { echo 'gpu-check: the plugin was built and opened; nothing has run on a GPU'; exit 0; }
[ "$status" -eq 0 ] || exit "$status"
sanitizer=$(dirname "$nvcc")/compute-sanitizer
for tool in memcheck racecheck synccheck initcheck; do
  [ -x "$sanitizer" ] || { echo "gpu-check: no compute-sanitizer beside nvcc: no $tool"; continue; }
  "$sanitizer" --tool "$tool" --error-exitcode 1 "$out/check" 67
done
