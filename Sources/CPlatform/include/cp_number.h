// Numbers as text where C's own conversions are the specification: long double has no portable
// Swift type, and printf is variadic, so Swift cannot call it directly.
#ifndef CP_NUMBER_H
#define CP_NUMBER_H

#include <stddef.h>

// Longest text that is read as a number, the terminating NUL included.
#define CP_NUMBER_TEXT_MAX (5 * 1024)

// What cp_long_double_sum answers when there is no text to give.
#define CP_LEFT_NOT_A_NUMBER (-1)
#define CP_RIGHT_NOT_A_NUMBER (-2)
#define CP_SUM_NOT_FINITE (-3)
#define CP_RIGHT_NOT_FINITE (-4)

// Adds two numbers given as text, in long double, and prints the sum with up to 17 decimals,
// trailing zeros trimmed. `capacity` must be CP_NUMBER_TEXT_MAX or more. Returns the length.
int cp_long_double_sum(const char *left, size_t left_count, const char *right, size_t right_count,
                       char *target, size_t capacity);

// Prints `value` with up to 17 decimals, trailing zeros trimmed. Returns the length.
int cp_long_double_print(double value, char *target, size_t capacity);

// Reads the whole text as a double. Returns 1, or 0 when it is none.
int cp_double_parse(const char *text, size_t count, double *value);

// Prints `value` as printf("%.17g"). Returns the length.
int cp_double_print_17g(double value, char *target, size_t capacity);

// Prints `value` with a fixed number of decimals, as printf("%.*f"). Returns the length.
int cp_double_print_fixed(double value, int decimals, char *target, size_t capacity);

#endif
