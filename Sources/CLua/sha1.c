// SHA-1 as in FIPS 180-4: the names of scripts, which clients compute too. Nothing secret hangs
// on it.
#include "include/CLua.h"

#include <string.h>

static uint32_t rotate(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void add_block(uint32_t sum[5], const uint8_t block[64]) {
  uint32_t words[80];
  for (int index = 0; index < 16; index++) {
    words[index] = (uint32_t)block[index * 4] << 24 | (uint32_t)block[index * 4 + 1] << 16 |
                   (uint32_t)block[index * 4 + 2] << 8 | block[index * 4 + 3];
  }
  for (int index = 16; index < 80; index++) {
    words[index] = rotate(
        words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1);
  }
  uint32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3], e = sum[4];
  for (int index = 0; index < 80; index++) {
    uint32_t mixed, constant;
    if (index < 20) {
      mixed = (b & c) | (~b & d);
      constant = 0x5A827999;
    } else if (index < 40) {
      mixed = b ^ c ^ d;
      constant = 0x6ED9EBA1;
    } else if (index < 60) {
      mixed = (b & c) | (b & d) | (c & d);
      constant = 0x8F1BBCDC;
    } else {
      mixed = b ^ c ^ d;
      constant = 0xCA62C1D6;
    }
    uint32_t next = rotate(a, 5) + mixed + e + constant + words[index];
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  sum[0] += a;
  sum[1] += b;
  sum[2] += c;
  sum[3] += d;
  sum[4] += e;
}

void wl_sha1(const uint8_t *bytes, size_t count, char digits[40]) {
  uint32_t sum[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  size_t done = 0;
  for (; count - done >= 64; done += 64) add_block(sum, bytes + done);
  uint8_t last[128] = {0};
  size_t rest = count - done;
  if (rest > 0) memcpy(last, bytes + done, rest);
  last[rest] = 0x80;
  size_t length = rest < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)count * 8;
  for (int index = 0; index < 8; index++) last[length - 1 - index] = (uint8_t)(bits >> index * 8);
  for (size_t place = 0; place < length; place += 64) add_block(sum, last + place);
  static const char hexadecimal[] = "0123456789abcdef";
  for (int index = 0; index < 40; index++) {
    digits[index] = hexadecimal[sum[index / 8] >> (28 - index % 8 * 4) & 15];
  }
}
