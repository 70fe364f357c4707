// Between replies in RESP and Lua's values, both ways.
//
//     RESP                       Lua
//     :1                         number
//     $3 abc                     string
//     *2 ...                     table of two
//     +OK                        {ok = "OK"}
//     -ERR text                  {err = "ERR text"}
//     $-1, *-1                   false
//     _                          nil                       (from here on RESP3 only)
//     #t                         true
//     ,3.5                       {double = 3.5}
//     %1 k v                     {map = {k = v}}
//     ~1 m                       {set = {m = true}}
//     (123                       {big_number = "123"}
//     =7 txt:abc                 {verbatim_string = {string = "abc", format = "txt"}}
#include "internal.h"

#include <math.h>
#include <stdio.h>

// MARK: - From RESP

typedef struct reader {
  const char *place;
  const char *end;
} reader;

// The rest of the line, without its end; steps over it.
static wl_slice read_line(reader *in) {
  const char *start = in->place;
  const char *end = memchr(start, '\r', (size_t)(in->end - start));
  if (end == NULL) end = in->end;
  in->place = end + 2 <= in->end ? end + 2 : in->end;
  return (wl_slice){(const uint8_t *)start, (size_t)(end - start)};
}

static long long read_integer(reader *in) {
  wl_slice line = read_line(in);
  bool is_negative = line.count > 0 && line.bytes[0] == '-';
  unsigned long long value = 0;
  for (size_t index = is_negative; index < line.count; index++) {
    value = value * 10 + (unsigned)(line.bytes[index] - '0');
  }
  return (long long)(is_negative ? 0ULL - value : value);
}

static wl_slice read_bulk(reader *in, long long length) {
  size_t rest = (size_t)(in->end - in->place);
  size_t count = (size_t)length < rest ? (size_t)length : rest;
  wl_slice bytes = {(const uint8_t *)in->place, count};
  in->place += count;
  in->place = in->place + 2 <= in->end ? in->place + 2 : in->end;
  return bytes;
}

static void push_bytes(lua_State *lua, wl_slice bytes) {
  lua_pushlstring(lua, (const char *)bytes.bytes, bytes.count);
}

static void push_field(lua_State *lua, const char *name, wl_slice bytes) {
  lua_createtable(lua, 0, 1);
  lua_pushstring(lua, name);
  push_bytes(lua, bytes);
  lua_rawset(lua, -3);
}

static void push_value(lua_State *lua, reader *in);

// Number of elements for which a table is made in advance, however many a header promises.
enum { ADVANCE_MAX = 1 << 20 };

static int advance(long long count) { return count < ADVANCE_MAX ? (int)count : ADVANCE_MAX; }

static void push_array(lua_State *lua, reader *in, long long count) {
  lua_createtable(lua, advance(count), 0);
  for (long long index = 1; index <= count && in->place < in->end; index++) {
    push_value(lua, in);
    lua_rawseti(lua, -2, (int)index);
  }
}

static void push_map(lua_State *lua, reader *in, long long count) {
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "map");
  lua_createtable(lua, 0, advance(count));
  for (long long index = 0; index < count && in->place < in->end; index++) {
    push_value(lua, in);
    push_value(lua, in);
    // Neither nil nor NaN can be a key.
    if (lua_isnil(lua, -2)) {
      lua_pop(lua, 2);
    } else {
      lua_rawset(lua, -3);
    }
  }
  lua_rawset(lua, -3);
}

static void push_set(lua_State *lua, reader *in, long long count) {
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "set");
  lua_createtable(lua, 0, advance(count));
  for (long long index = 0; index < count && in->place < in->end; index++) {
    push_value(lua, in);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      continue;
    }
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
  lua_rawset(lua, -3);
}

static void push_double(lua_State *lua, wl_slice text) {
  char copy[64];
  size_t count = text.count < sizeof copy - 1 ? text.count : sizeof copy - 1;
  memcpy(copy, text.bytes, count);
  copy[count] = 0;
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "double");
  lua_pushnumber(lua, strtod(copy, NULL));
  lua_rawset(lua, -3);
}

static void push_verbatim(lua_State *lua, wl_slice bytes) {
  size_t skipped = bytes.count >= 4 ? 4 : bytes.count;
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "verbatim_string");
  lua_createtable(lua, 0, 2);
  lua_pushliteral(lua, "string");
  push_bytes(lua, (wl_slice){bytes.bytes + skipped, bytes.count - skipped});
  lua_rawset(lua, -3);
  lua_pushliteral(lua, "format");
  push_bytes(lua, (wl_slice){bytes.bytes, skipped > 0 ? skipped - 1 : 0});
  lua_rawset(lua, -3);
  lua_rawset(lua, -3);
}

static void push_failure(lua_State *lua, wl_slice text) {
  lua_createtable(lua, 0, 4);
  lua_pushliteral(lua, "err");
  push_bytes(lua, text);
  lua_rawset(lua, -3);
  lua_pushliteral(lua, "ignore_error_stats_update");
  lua_pushboolean(lua, 1);
  lua_rawset(lua, -3);
}

static void skip_attributes(lua_State *lua, reader *in) {
  long long count = read_integer(in);
  for (long long index = 0; index < count * 2 && in->place < in->end; index++) {
    push_value(lua, in);
    lua_pop(lua, 1);
  }
}

static void push_value(lua_State *lua, reader *in) {
  luaL_checkstack(lua, 8, "reply nested too deeply");
  if (in->place >= in->end) {
    lua_pushnil(lua);
    return;
  }
  switch (*in->place++) {
    case ':': lua_pushnumber(lua, (lua_Number)read_integer(in)); break;
    case '$': {
      long long length = read_integer(in);
      if (length < 0) {
        lua_pushboolean(lua, 0);
      } else {
        push_bytes(lua, read_bulk(in, length));
      }
      break;
    }
    case '+': push_field(lua, "ok", read_line(in)); break;
    case '-': push_failure(lua, read_line(in)); break;
    case '>':
    case '*': {
      long long count = read_integer(in);
      if (count < 0) {
        lua_pushboolean(lua, 0);
      } else {
        push_array(lua, in, count);
      }
      break;
    }
    case '%': push_map(lua, in, read_integer(in)); break;
    case '~': push_set(lua, in, read_integer(in)); break;
    case ',': push_double(lua, read_line(in)); break;
    case '#': lua_pushboolean(lua, read_line(in).bytes[0] == 't'); break;
    case '(': push_field(lua, "big_number", read_line(in)); break;
    case '=': push_verbatim(lua, read_bulk(in, read_integer(in))); break;
    case '|':
      skip_attributes(lua, in);
      push_value(lua, in);
      break;
    default:  // '_'
      read_line(in);
      lua_pushnil(lua);
  }
}

void wl_push_reply(lua_State *lua, wl_slice reply) {
  reader in = {(const char *)reply.bytes, (const char *)reply.bytes + reply.count};
  push_value(lua, &in);
}

// MARK: - To RESP

void wl_append(lua_State *lua, wl_buffer *buffer, size_t max, const void *bytes, size_t count) {
  if (count > buffer->capacity - buffer->count) {
    if (count > max || buffer->count > max - count) luaL_error(lua, "reply is too large");
    size_t capacity = buffer->capacity < 1024 ? 1024 : buffer->capacity * 2;
    if (capacity < buffer->count + count) capacity = buffer->count + count;
    uint8_t *moved = realloc(buffer->bytes, capacity);
    if (moved == NULL) luaL_error(lua, "not enough memory");
    buffer->bytes = moved;
    buffer->capacity = capacity;
  }
  if (count > 0) memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

typedef struct writer {
  lua_State *lua;
  wl_state *state;
  int version;
} writer;

static void put(const writer *out, const void *bytes, size_t count) {
  wl_append(out->lua, &out->state->output, out->state->memory_max, bytes, count);
}

static void put_text(const writer *out, const char *text) { put(out, text, strlen(text)); }

static void put_header(const writer *out, char type, long long value) {
  char text[32];
  put(out, text, (size_t)snprintf(text, sizeof text, "%c%lld\r\n", type, value));
}

static void put_bulk(const writer *out, const char *bytes, size_t count) {
  put_header(out, '$', (long long)count);
  put(out, bytes, count);
  put(out, "\r\n", 2);
}

// A line; what would end it early becomes spaces.
static void put_line(const writer *out, char type, const char *text, size_t count) {
  put(out, &type, 1);
  size_t start = out->state->output.count;
  put(out, text, count);
  for (uint8_t *byte = out->state->output.bytes + start; count > 0; byte++, count--) {
    if (*byte == '\r' || *byte == '\n') *byte = ' ';
  }
  put(out, "\r\n", 2);
}

static void put_null(const writer *out) { put_text(out, out->version < 3 ? "$-1\r\n" : "_\r\n"); }

// The fewest digits that read back as `number`, and the power of ten of the first.
static int shortest_digits(char digits[20], int *exponent, double number) {
  char text[WL_NUMBER_LENGTH];
  // 15 digits always survive but below the normal range, where fewer may be the fewest.
  int precision = fabs(number) < 0x1p-1022 ? 1 : 15;
  do {
    snprintf(text, sizeof text, "%.*e", precision - 1, fabs(number));
  } while (strtod(text, NULL) != fabs(number) && precision++ < 17);
  int count = 0;
  const char *place = text;
  for (; *place != 'e'; place++) {
    if (*place != '.') digits[count++] = *place;
  }
  *exponent = atoi(place + 1);
  while (count > 1 && digits[count - 1] == '0') count--;
  return count;
}

// A double as all replies have it: a whole number up to 2^52 as it is, others plain as long as they
// stay short, else with an exponent.
static int double_text(char text[WL_NUMBER_LENGTH], double number) {
  if (isnan(number)) return snprintf(text, WL_NUMBER_LENGTH, "nan");
  if (isinf(number)) return snprintf(text, WL_NUMBER_LENGTH, number > 0 ? "inf" : "-inf");
  if (number == 0) return snprintf(text, WL_NUMBER_LENGTH, signbit(number) ? "-0" : "0");
  if (fabs(number) < 0x1p52 && number == trunc(number)) {
    return snprintf(text, WL_NUMBER_LENGTH, "%lld", (long long)number);
  }
  char digits[20];
  int exponent;
  int count = shortest_digits(digits, &exponent, number);
  const char *sign = number < 0 ? "-" : "";
  int shift = exponent - count + 1;
  if (shift >= 0 && exponent < count + 7) {
    return snprintf(text, WL_NUMBER_LENGTH, "%s%.*s%.*s", sign, count, digits, shift,
                    "0000000000000000000000");
  }
  if (shift < 0 && (shift > -7 || abs(exponent) < 4)) {
    int whole = count + shift;
    if (whole <= 0) {
      return snprintf(text, WL_NUMBER_LENGTH, "%s0.%.*s%.*s", sign, -whole, "0000000", count,
                      digits);
    }
    return snprintf(text, WL_NUMBER_LENGTH, "%s%.*s.%.*s", sign, whole, digits, count - whole,
                    digits + whole);
  }
  return snprintf(text, WL_NUMBER_LENGTH, "%s%c%s%.*se%+d", sign, digits[0], count > 1 ? "." : "",
                  count - 1, digits + 1, exponent);
}

static void put_double(const writer *out, double number) {
  char text[WL_NUMBER_LENGTH];
  int length = double_text(text, number);
  if (out->version < 3) {
    put_bulk(out, text, (size_t)length);
  } else {
    put_line(out, ',', text, (size_t)length);
  }
}

// Pushes field `name` of the table at the top, past its metatable.
static int push_raw(lua_State *lua, const char *name) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  return lua_type(lua, -1);
}

static void put_value(const writer *out);

// Writes the pairs, or the keys alone, of the table at the top.
static void put_pairs(const writer *out, bool has_values) {
  lua_State *lua = out->lua;
  long long count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    count++;
    lua_pop(lua, 1);
  }
  if (out->version >= 3) {
    put_header(out, has_values ? '%' : '~', count);
  } else {
    put_header(out, '*', has_values ? count * 2 : count);
  }
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    // A copy of the key: writing it takes it off.
    lua_pushvalue(lua, -2);
    put_value(out);
    if (has_values) {
      put_value(out);
    } else {
      lua_pop(lua, 1);
    }
  }
}

static void put_elements(const writer *out) {
  lua_State *lua = out->lua;
  int count = 0;
  while (true) {
    lua_rawgeti(lua, -1, count + 1);
    bool is_end = lua_isnil(lua, -1);
    lua_pop(lua, 1);
    if (is_end || count == INT32_MAX) break;
    count++;
  }
  put_header(out, '*', count);
  for (int index = 1; index <= count; index++) {
    lua_rawgeti(lua, -1, index);
    put_value(out);
  }
}

static bool put_verbatim(const writer *out) {
  lua_State *lua = out->lua;
  if (push_raw(lua, "string") != LUA_TSTRING) {
    lua_pop(lua, 1);
    return false;
  }
  lua_pushliteral(lua, "format");
  lua_rawget(lua, -3);
  size_t count, format_count;
  const char *text = lua_tolstring(lua, -2, &count);
  const char *format = lua_type(lua, -1) == LUA_TSTRING
      ? lua_tolstring(lua, -1, &format_count) : NULL;
  if (format != NULL && out->version < 3) {
    put_bulk(out, text, count);
  } else if (format != NULL) {
    char shown[4] = {' ', ' ', ' ', ':'};
    memcpy(shown, format, format_count < 3 ? format_count : 3);
    put_header(out, '=', (long long)count + 4);
    put(out, shown, 4);
    put(out, text, count);
    put(out, "\r\n", 2);
  }
  lua_pop(lua, 2);
  return format != NULL;
}

// Writes the table at the top if it is of the kind that stands for a type of its own.
static bool put_special(const writer *out) {
  lua_State *lua = out->lua;
  size_t count;
  bool is_done = true;
  if (push_raw(lua, "err") == LUA_TSTRING) {
    const char *text = lua_tolstring(lua, -1, &count);
    if (out->state->output.count == 0) {
      lua_pushliteral(lua, "ignore_error_stats_update");
      lua_rawget(lua, -3);
      out->state->is_counted = lua_toboolean(lua, -1);
      lua_pop(lua, 1);
    }
    put_line(out, '-', text, count);
  } else if (lua_pop(lua, 1), push_raw(lua, "ok") == LUA_TSTRING) {
    const char *text = lua_tolstring(lua, -1, &count);
    put_line(out, '+', text, count);
  } else if (lua_pop(lua, 1), push_raw(lua, "double") == LUA_TNUMBER) {
    put_double(out, lua_tonumber(lua, -1));
  } else if (lua_pop(lua, 1), push_raw(lua, "map") == LUA_TTABLE) {
    put_pairs(out, true);
  } else if (lua_pop(lua, 1), push_raw(lua, "set") == LUA_TTABLE) {
    put_pairs(out, false);
  } else if (lua_pop(lua, 1), push_raw(lua, "big_number") == LUA_TSTRING) {
    const char *text = lua_tolstring(lua, -1, &count);
    if (out->version < 3) {
      put_bulk(out, text, count);
      // As in the protocol that has such numbers: they are one line.
      uint8_t *end = out->state->output.bytes + out->state->output.count - 2;
      for (uint8_t *byte = end - count; byte < end; byte++) {
        if (*byte == '\r' || *byte == '\n') *byte = ' ';
      }
    } else {
      put_line(out, '(', text, count);
    }
  } else if (lua_pop(lua, 1), push_raw(lua, "verbatim_string") == LUA_TTABLE) {
    is_done = put_verbatim(out);
  } else {
    is_done = false;
  }
  lua_pop(lua, 1);
  return is_done;
}

// Writes the value at the top and takes it off.
static void put_value(const writer *out) {
  lua_State *lua = out->lua;
  if (!lua_checkstack(lua, 8)) {
    put_text(out, "-ERR reached lua stack limit\r\n");
    lua_pop(lua, 1);
    return;
  }
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t count;
      const char *bytes = lua_tolstring(lua, -1, &count);
      put_bulk(out, bytes, count);
      break;
    }
    case LUA_TBOOLEAN: {
      bool value = lua_toboolean(lua, -1);
      if (out->state->version >= 3) {
        put_text(
            out, out->version >= 3 ? (value ? "#t\r\n" : "#f\r\n") : (value ? ":1\r\n" : ":0\r\n"));
      } else if (value) {
        put_text(out, ":1\r\n");
      } else {
        put_null(out);
      }
      break;
    }
    case LUA_TNUMBER: put_header(out, ':', (long long)lua_tonumber(lua, -1)); break;
    case LUA_TTABLE:
      if (!put_special(out)) put_elements(out);
      break;
    default: put_null(out);
  }
  lua_pop(lua, 1);
}

void wl_write_reply(lua_State *lua, wl_state *state, int version) {
  writer out = {lua, state, version};
  state->output.count = 0;
  put_value(&out);
}
