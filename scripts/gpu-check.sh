#!/usr/bin/env bash
# Builds the plugin and checks it on the card of this machine, also under compute-sanitizer where there is one. It needs
# nvcc and g++, no Node: scripts/gpu-check.sh [nvcc]; `npm run test:gpu` gives it the nvcc of this repository.
set -euo pipefail
cd "$(dirname "$0")/.."
nvcc=${1:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
bash packages/cuda/build.sh "$nvcc"
mkdir -p out/gpu
cp packages/cuda/genmi_cuda.so out/gpu/
g++ -std=c++20 -O2 -Wall -Wextra -Inative/include -Itest/native test/cuda/gpu/*.cpp out/gpu/genmi_cuda.so \
  -Wl,-rpath,'$ORIGIN' -o out/gpu/check

status=0
out/gpu/check || status=$?
[ "$status" -ne 77 ] || { echo 'gpu-check: the plugin was built and opened; nothing has run on a GPU'; exit 0; }
[ "$status" -eq 0 ] || exit "$status"
sanitizer=$(dirname "$nvcc")/compute-sanitizer
for tool in memcheck racecheck synccheck initcheck; do
  [ -x "$sanitizer" ] || { echo "gpu-check: no compute-sanitizer beside nvcc: no $tool"; continue; }
  "$sanitizer" --tool "$tool" --error-exitcode 1 out/gpu/check 67
done
