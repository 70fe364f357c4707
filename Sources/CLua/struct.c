// struct: packs and unpacks C structures, with the formats of Roberto Ierusalimschy's library.
//
//     < > !n      byte order, alignment          x  a byte of padding
//     b B h H l L signed and unsigned char,      i[n] I[n]  integers of n bytes
//     T f d       short, long; size_t, float     c[n]  n characters; c0: as many as there are, or
//     s           a string that ends with a 0          as the number before says
#include "internal.h"

#include <ctype.h>
#include <limits.h>

enum { INTEGER_SIZE_MAX = 32, NATIVE_ALIGNMENT = 8 };

typedef struct layout {
  bool is_little;
  size_t alignment;
} layout;

static const layout native = {true, 1};

static size_t read_size(lua_State *lua, const char **format, size_t otherwise) {
  if (!isdigit((unsigned char)**format)) return otherwise;
  size_t value = 0;
  while (isdigit((unsigned char)**format)) {
    size_t digit = (size_t)(*(*format)++ - '0');
    if (value > (INT_MAX - digit) / 10) luaL_error(lua, "integral size overflow");
    value = value * 10 + digit;
  }
  return value;
}

static size_t option_size(lua_State *lua, char option, const char **format) {
  switch (option) {
    case 'B': case 'b': return sizeof(char);
    case 'H': case 'h': return sizeof(short);
    case 'L': case 'l': return sizeof(long);
    case 'T': return sizeof(size_t);
    case 'f': return sizeof(float);
    case 'd': return sizeof(double);
    case 'x': return 1;
    case 'c': return read_size(lua, format, 1);
    case 'i': case 'I': {
      size_t size = read_size(lua, format, sizeof(int));
      if (size > INTEGER_SIZE_MAX) {
        luaL_error(
            lua, "integral size %d is larger than limit of %d", (int)size, INTEGER_SIZE_MAX);
      }
      return size;
    }
    default: return 0;
  }
}

// Bytes to add behind `length` so that the option stands aligned.
static size_t padding(size_t length, const layout *layout, char option, size_t size) {
  if (size == 0 || option == 'c') return 0;
  if (size > layout->alignment) size = layout->alignment;
  if (size <= 1) return 0;
  return (size - (length & (size - 1))) & (size - 1);
}

// Handles the options that stand for no data.
static void control(lua_State *lua, char option, const char **format, layout *layout) {
  switch (option) {
    case ' ': return;
    case '>': layout->is_little = false; return;
    case '<': layout->is_little = true; return;
    case '!': {
      size_t alignment = read_size(lua, format, NATIVE_ALIGNMENT);
      if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        luaL_error(lua, "alignment %d is not a power of 2", (int)alignment);
      }
      layout->alignment = alignment;
      return;
    }
    default: {
      const char *text = lua_pushfstring(lua, "invalid format option '%c'", option);
      luaL_argerror(lua, 1, text);
    }
  }
}

// MARK: - Packing

static void put(lua_State *lua, wl_state *state, const void *bytes, size_t count) {
  wl_append(lua, &state->scratch, state->memory_max, bytes, count);
}

static void put_in_order(
    lua_State *lua, wl_state *state, const uint8_t *bytes, size_t size, bool is_little) {
  uint8_t ordered[INTEGER_SIZE_MAX];
  for (size_t index = 0; index < size; index++) {
    ordered[index] = bytes[is_little ? index : size - 1 - index];
  }
  put(lua, state, ordered, size);
}

static void put_integer(
    lua_State *lua, wl_state *state, int argument, const layout *layout, size_t size) {
  lua_Number number = luaL_checknumber(lua, argument);
  uint64_t value = number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number;
  uint8_t bytes[INTEGER_SIZE_MAX] = {0};
  for (size_t index = 0; index < 8; index++) bytes[index] = (uint8_t)(value >> index * 8);
  put_in_order(lua, state, bytes, size, layout->is_little);
}

static int pack(lua_State *lua) {
  static const uint8_t zeros[NATIVE_ALIGNMENT * 2] = {0};
  const char *format = luaL_checkstring(lua, 1);
  wl_state *state = wl_state_of(lua);
  layout layout = native;
  int argument = 2;
  state->scratch.count = 0;
  while (*format != 0) {
    char option = *format++;
    size_t size = option_size(lua, option, &format);
    size_t gap = padding(state->scratch.count, &layout, option, size);
    for (; gap > 0; gap--) put(lua, state, zeros, 1);
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I':
        put_integer(lua, state, argument++, &layout, size);
        break;
      case 'x': put(lua, state, zeros, 1); break;
      case 'f': {
        float value = (float)luaL_checknumber(lua, argument++);
        put_in_order(lua, state, (const uint8_t *)&value, size, layout.is_little);
        break;
      }
      case 'd': {
        double value = luaL_checknumber(lua, argument++);
        put_in_order(lua, state, (const uint8_t *)&value, size, layout.is_little);
        break;
      }
      case 'c': case 's': {
        size_t count;
        const char *bytes = luaL_checklstring(lua, argument++, &count);
        if (size == 0) size = count;
        luaL_argcheck(lua, count >= size, argument, "string too short");
        put(lua, state, bytes, size);
        if (option == 's') put(lua, state, zeros, 1);
        break;
      }
      default: control(lua, option, &format, &layout);
    }
  }
  lua_pushlstring(lua, (const char *)state->scratch.bytes, state->scratch.count);
  return 1;
}

// MARK: - Unpacking

static lua_Number read_integer(
    const uint8_t *bytes, bool is_little, bool is_signed, size_t size) {
  uint64_t value = 0;
  for (size_t index = 0; index < size; index++) {
    value = value << 8 | bytes[is_little ? size - 1 - index : index];
  }
  if (!is_signed) return (lua_Number)value;
  if (size > 0 && size < 8 && (value >> (size * 8 - 1) & 1) != 0) value |= ~0ULL << size * 8;
  return (lua_Number)(int64_t)value;
}

static void read_in_order(uint8_t *out, const uint8_t *bytes, size_t size, bool is_little) {
  for (size_t index = 0; index < size; index++) {
    out[index] = bytes[is_little ? index : size - 1 - index];
  }
}

static int unpack(lua_State *lua) {
  layout layout = native;
  const char *format = luaL_checkstring(lua, 1);
  size_t length;
  const uint8_t *data = (const uint8_t *)luaL_checklstring(lua, 2, &length);
  lua_Integer start = luaL_optinteger(lua, 3, 1);
  luaL_argcheck(lua, start > 0, 3, "offset must be 1 or greater");
  size_t place = (size_t)start - 1;
  int count = 0;
  lua_settop(lua, 2);
  while (*format != 0) {
    char option = *format++;
    size_t size = option_size(lua, option, &format);
    size_t gap = padding(place, &layout, option, size);
    luaL_argcheck(
        lua, place <= length && gap <= length - place && size <= length - place - gap, 2,
        "data string too short");
    place += gap;
    luaL_checkstack(lua, 4, "too many results");
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I':
        lua_pushnumber(
            lua,
            read_integer(
                data + place, layout.is_little, islower((unsigned char)option) != 0, size));
        count++;
        break;
      case 'x': break;
      case 'f': {
        float value;
        read_in_order((uint8_t *)&value, data + place, size, layout.is_little);
        lua_pushnumber(lua, value);
        count++;
        break;
      }
      case 'd': {
        double value;
        read_in_order((uint8_t *)&value, data + place, size, layout.is_little);
        lua_pushnumber(lua, value);
        count++;
        break;
      }
      case 'c':
        if (size == 0) {
          if (count == 0 || !lua_isnumber(lua, -1)) {
            luaL_error(lua, "format 'c0' needs a previous size");
          }
          lua_Number wanted = lua_tonumber(lua, -1);
          luaL_argcheck(
              lua, wanted >= 0 && wanted <= (lua_Number)(length - place), 2,
              "data string too short");
          size = (size_t)wanted;
          lua_pop(lua, 1);
          count--;
        }
        lua_pushlstring(lua, (const char *)data + place, size);
        count++;
        break;
      case 's': {
        const uint8_t *end = memchr(data + place, 0, length - place);
        if (end == NULL) luaL_error(lua, "unfinished string in data");
        size = (size_t)(end - (data + place)) + 1;
        lua_pushlstring(lua, (const char *)data + place, size - 1);
        count++;
        break;
      }
      default: control(lua, option, &format, &layout);
    }
    place += size;
  }
  lua_pushinteger(lua, (lua_Integer)place + 1);
  return count + 1;
}

static int size(lua_State *lua) {
  layout layout = native;
  const char *format = luaL_checkstring(lua, 1);
  size_t place = 0;
  while (*format != 0) {
    char option = *format++;
    size_t size = option_size(lua, option, &format);
    if (option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (option == 'c' && size == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    place += padding(place, &layout, option, size);
    if (!isalnum((unsigned char)option)) control(lua, option, &format, &layout);
    place += size;
  }
  lua_pushinteger(lua, (lua_Integer)place);
  return 1;
}

int wl_open_struct(lua_State *lua) {
  static const luaL_Reg functions[] = {
      {"pack", pack}, {"unpack", unpack}, {"size", size}, {NULL, NULL},
  };
  lua_newtable(lua);
  for (const luaL_Reg *each = functions; each->name != NULL; each++) {
    lua_pushcfunction(lua, each->func);
    lua_setfield(lua, -2, each->name);
  }
  return 1;
}
