#include "cp_number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Copies a text that has no terminator into `buffer`, adds one, and says whether the text can be a
// number at all: not empty, not too long, no leading blank (strtod would skip it).
static int terminated(const char *text, size_t count, char *buffer) {
  if (count == 0 || count >= CP_NUMBER_TEXT_MAX || isspace((unsigned char)text[0])) return 0;
  memcpy(buffer, text, count);
  buffer[count] = '\0';
  return 1;
}

static int long_double_parse(const char *text, size_t count, long double *value) {
  char buffer[CP_NUMBER_TEXT_MAX];
  if (!terminated(text, count, buffer)) return 0;
  char *end = NULL;
  errno = 0;
  *value = strtold(buffer, &end);
  if ((size_t)(end - buffer) != count || isnan(*value)) return 0;
  // Out of range either way. A denormal result also sets ERANGE, and is accepted.
  if (errno == ERANGE && (isinf(*value) || *value == 0)) return 0;
  return 1;
}

// The "human" form: fixed notation, so that what was typed as 0.1 comes back as 0.1.
static int long_double_print(long double value, char *target, size_t capacity) {
  if (isinf(value)) {
    return snprintf(target, capacity, "%s", value < 0 ? "-inf" : "inf");
  }
  int length = snprintf(target, capacity, "%.17Lf", value);
  if (length < 0 || (size_t)length >= capacity) return 0;
  if (memchr(target, '.', (size_t)length) != NULL) {
    while (target[length - 1] == '0') length -= 1;
    if (target[length - 1] == '.') length -= 1;
  }
  if (length == 2 && target[0] == '-' && target[1] == '0') {
    target[0] = '0';
    length = 1;
  }
  return length;
}

int cp_long_double_sum(const char *left, size_t left_count, const char *right, size_t right_count,
                       char *target, size_t capacity) {
  long double a = 0, b = 0;
  if (!long_double_parse(left, left_count, &a)) return CP_LEFT_NOT_A_NUMBER;
  if (!long_double_parse(right, right_count, &b)) return CP_RIGHT_NOT_A_NUMBER;
  if (isinf(b)) return CP_RIGHT_NOT_FINITE;
  long double sum = a + b;
  if (isnan(sum) || isinf(sum)) return CP_SUM_NOT_FINITE;
  return long_double_print(sum, target, capacity);
}

int cp_long_double_print(double value, char *target, size_t capacity) {
  return long_double_print((long double)value, target, capacity);
}

int cp_double_parse(const char *text, size_t count, double *value) {
  char buffer[CP_NUMBER_TEXT_MAX];
  if (!terminated(text, count, buffer)) return 0;
  char *end = NULL;
  errno = 0;
  *value = strtod(buffer, &end);
  if ((size_t)(end - buffer) != count || isnan(*value)) return 0;
  if (errno == ERANGE && (isinf(*value) || *value == 0)) return 0;
  return 1;
}

int cp_double_print_17g(double value, char *target, size_t capacity) {
  return snprintf(target, capacity, "%.17g", value);
}

int cp_double_print_fixed(double value, int decimals, char *target, size_t capacity) {
  return snprintf(target, capacity, "%.*f", decimals, value);
}
