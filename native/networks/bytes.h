// Numbers to bytes and back, for snapshots. The bytes are those of the machine; a checksum ends them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace genmi::networks {

// FNV-1a over words of 8 bytes, the last one padded with zeros.
inline std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    hash = (hash ^ word) * 0x100000001b3u;
  }
  return hash;
}

class ByteWriter {
 public:
  template <class V>
  void put(std::span<const V> numbers) {
    const std::span<const std::byte> bytes = std::as_bytes(numbers);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <class V>
  void put(const V& number) {
    put(std::span<const V>(&number, 1));
  }
  std::vector<std::byte> finish() && {
    put(checksum(bytes_));
    return std::move(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
};

// Reads what a ByteWriter has written, in the same order. Where bytes are missing, numbers stay as they are.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // Whether the bytes end with their checksum. It is then taken off.
  bool check() {
    std::uint64_t expected = 0;
    if (bytes_.size() < sizeof expected) return false;
    const std::span<const std::byte> body = bytes_.first(bytes_.size() - sizeof expected);
    std::memcpy(&expected, bytes_.data() + body.size(), sizeof expected);
    bytes_ = body;
    return checksum(body) == expected;
  }
  template <class V>
  void get(std::span<V> numbers) {
    if (numbers.size_bytes() > bytes_.size()) missing_ = true;
    if (missing_) return;
    if (!numbers.empty()) std::memcpy(numbers.data(), bytes_.data(), numbers.size_bytes());
    bytes_ = bytes_.subspan(numbers.size_bytes());
  }
  template <class V>
  V get() {
    V number{};
    get(std::span<V>(&number, 1));
    return number;
  }
  // The number of bytes that have not been read; none where bytes were missing.
  std::size_t left() const { return missing_ ? 0 : bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  bool missing_ = false;
};

}  // namespace genmi::networks
