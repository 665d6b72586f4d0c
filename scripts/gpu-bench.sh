#!/usr/bin/env bash
# Times kernels and steps of trainings on the card of this machine, and writes bench/results/gpu-<card>.jsonl. It needs
# nvcc and g++, no Node: scripts/gpu-bench.sh [nvcc]; `npm run bench:gpu` gives it the nvcc of this repository. Without a
# driver it builds the program, says so, and writes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
nvcc=${1:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
architecture=sm_90
nvidia-smi >/dev/null 2>&1 && architecture=native
mkdir -p out/gpu
"$nvcc" -cudart static -cudadevrt none -O3 -std=c++20 -arch="$architecture" \
  -Inative/cuda/nvcc -Inative -Inative/include -Itest/native "-L$(dirname "$nvcc")/../lib" -o out/gpu/bench \
  native/cuda/*/*.cu native/cuda/plugin/*.cpp bench/gpu/*.cu bench/gpu/*.cpp

status=0
out/gpu/bench >out/gpu/bench.jsonl || status=$?
[ "$status" -ne 77 ] || { echo 'gpu-bench: the program was built and run; there is no device, and no figure'; exit 0; }
[ "$status" -eq 0 ] || exit "$status"
card=$(sed -n 's/{"device": "\(.*\)"}/\1/p' out/gpu/bench.jsonl | tr 'A-Z ' 'a-z-')
cp out/gpu/bench.jsonl "bench/results/gpu-$card.jsonl"
cat out/gpu/bench.jsonl
