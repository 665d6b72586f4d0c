#!/usr/bin/env bash
# Builds the plugin, genmi_cuda.so, beside this file: build.sh [nvcc]. It needs nvcc 13 and g++, no Node and no card. With
# ARCHITECTURES=90 in the environment, for that compute capability alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
nvcc=${1:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
[ -x "$nvcc" ] || { echo "genmi-cuda: no nvcc: expected one on the PATH, in /usr/local/cuda, or as the argument"; exit 2; }

codes=()
for number in ${ARCHITECTURES:-75 80 86 90 100 120}; do codes+=(-gencode "arch=compute_$number,code=sm_$number"); done
codes+=(-gencode "arch=compute_$number,code=compute_$number") # newer cards compile PTX
# Wheels have the libraries beside bin/, where nvcc does not look.
"$nvcc" -shared -cudart static -cudadevrt none -O3 -std=c++20 -Werror=all-warnings \
  -Xcompiler -Wall,-Wextra,-Werror,-fPIC,-fvisibility=hidden "${codes[@]}" -Xlinker -z,defs -Xlinker -s \
  -Inative/cuda/nvcc -Inative -Inative/include "-L$(dirname "$nvcc")/../lib" -o "$here/genmi_cuda.so" \
  native/cuda/affinity/*.cu native/cuda/networks/*.cu native/cuda/objectives/*.cu native/cuda/plugin/*.cpp
echo "genmi-cuda: $(stat -c %s "$here/genmi_cuda.so") bytes"
