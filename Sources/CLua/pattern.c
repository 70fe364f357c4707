// Lua's patterns: string.find, match, gmatch and gsub, as Lua 5.1 has them, that can be stopped.
//
// A pattern such as ".-.-.-.-x" takes time with a power of the subject's length, and the library's
// own matcher never looks up: no SCRIPT KILL reaches it, and other clients wait for ever. This one
// counts its steps and lets the host's `tick` see the time, as the interpreter does between
// instructions. What a pattern means, and the text of each error, is as in Lua 5.1, where a
// pattern ends at its first NUL. Finding plain text takes time in proportion to both lengths.
//
// Memory: a `matching` on the C stack. A step of the matcher recurses once for each item of the
// pattern at most, and patterns are limited to `PATTERN_LENGTH_MAX` bytes.
#define _GNU_SOURCE  // memmem
#include "internal.h"

#include <ctype.h>

enum {
  PATTERN_LENGTH_MAX = 8192,
  CAPTURES_MAX = LUA_MAXCAPTURES,
  // A capture that has no length.
  IS_OPEN = -1,
  IS_POSITION = -2,
  // About as much work as WL_TICK_INSTRUCTIONS of the interpreter.
  STEPS_PER_TICK = 1 << 20,
};

typedef struct matching {
  lua_State *lua;
  const char *start;  // of the subject
  const char *end;
  size_t steps;       // since the last tick
  int count;
  struct {
    const char *start;
    ptrdiff_t length;
  } captures[CAPTURES_MAX];
} matching;

static const char *match(matching *m, const char *at, const char *pattern);

static inline unsigned char byte(const char *at) { return (unsigned char)*at; }

static void take_steps(matching *m, size_t count) {
  m->steps += count;
  if (m->steps < STEPS_PER_TICK) return;
  m->steps = 0;
  wl_tick(m->lua);
}

// MARK: - Single characters

// Behind the class that begins at `pattern`: a character, "%a" or "[...]".
static const char *end_of_class(matching *m, const char *pattern) {
  char first = *pattern++;
  if (first == '%') {
    if (*pattern == 0) luaL_error(m->lua, "malformed pattern (ends with " LUA_QL("%%") ")");
    return pattern + 1;
  }
  if (first != '[') return pattern;
  if (*pattern == '^') pattern++;
  // A bracket that comes first stands for itself.
  do {
    if (*pattern == 0) luaL_error(m->lua, "malformed pattern (missing " LUA_QL("]") ")");
    if (*pattern++ == '%' && *pattern != 0) pattern++;
  } while (*pattern != ']');
  return pattern + 1;
}

static bool is_of_class(int value, int class) {
  bool is;
  switch (tolower(class)) {
    case 'a': is = isalpha(value); break;
    case 'c': is = iscntrl(value); break;
    case 'd': is = isdigit(value); break;
    case 'l': is = islower(value); break;
    case 'p': is = ispunct(value); break;
    case 's': is = isspace(value); break;
    case 'u': is = isupper(value); break;
    case 'w': is = isalnum(value); break;
    case 'x': is = isxdigit(value); break;
    case 'z': is = value == 0; break;
    default: return class == value;
  }
  return isupper(class) ? !is : is;
}

// Whether a byte is in the set from `set`, a "[", to `last`, its "]".
static bool is_in_set(int value, const char *set, const char *last) {
  bool found = true;
  const char *at = set + 1;
  if (*at == '^') {
    found = false;
    at++;
  }
  for (; at < last; at++) {
    if (*at == '%') {
      if (is_of_class(value, byte(++at))) return found;
    } else if (at[1] == '-' && at + 2 < last) {
      if (byte(at) <= value && value <= byte(at + 2)) return found;
      at += 2;
    } else if (byte(at) == value) {
      return found;
    }
  }
  return !found;
}

// Whether the byte at `at` is in the class from `pattern` to `class_end`.
static bool is_single(matching *m, const char *at, const char *pattern, const char *class_end) {
  if (at >= m->end) return false;
  switch (*pattern) {
    case '.': return true;
    case '%': return is_of_class(byte(at), byte(pattern + 1));
    case '[':
      take_steps(m, (size_t)(class_end - pattern) / 4);
      return is_in_set(byte(at), pattern, class_end - 1);
    default: return *pattern == *at;
  }
}

// MARK: - Items of a pattern

// "%bxy": from x to the y that closes it.
static const char *match_balance(matching *m, const char *at, const char *pair) {
  if (pair[0] == 0 || pair[1] == 0) luaL_error(m->lua, "unbalanced pattern");
  if (at >= m->end || *at != pair[0]) return NULL;
  const char *begin = at;
  size_t depth = 1;
  while (++at < m->end) {
    if (*at == pair[1]) {
      if (--depth == 0) break;
    } else if (*at == pair[0]) {
      depth++;
    }
  }
  take_steps(m, (size_t)(at - begin));
  return at < m->end ? at + 1 : NULL;
}

// "%f[set]": a place between a byte that is not in the set and one that is.
static bool is_frontier(matching *m, const char *at, const char *set, const char *set_end) {
  int before = at == m->start ? 0 : byte(at - 1);
  // Strings end in a NUL.
  return !is_in_set(before, set, set_end - 1) && is_in_set(byte(at), set, set_end - 1);
}

// As many as there are, then fewer and fewer.
static const char *match_most(matching *m, const char *at, const char *pattern,
                              const char *class_end) {
  ptrdiff_t count = 0;
  while (is_single(m, at + count, pattern, class_end)) {
    take_steps(m, 1);
    count++;
  }
  for (; count >= 0; count--) {
    const char *end = match(m, at + count, class_end + 1);
    if (end != NULL) return end;
  }
  return NULL;
}

// As few as will do.
static const char *match_fewest(matching *m, const char *at, const char *pattern,
                                const char *class_end) {
  while (true) {
    const char *end = match(m, at, class_end + 1);
    if (end != NULL) return end;
    if (!is_single(m, at, pattern, class_end)) return NULL;
    at++;
  }
}

static const char *open_capture(matching *m, const char *at, const char *pattern,
                                ptrdiff_t length) {
  if (m->count >= CAPTURES_MAX) luaL_error(m->lua, "too many captures");
  m->captures[m->count].start = at;
  m->captures[m->count].length = length;
  m->count++;
  const char *end = match(m, at, pattern);
  if (end == NULL) m->count--;
  return end;
}

static const char *close_capture(matching *m, const char *at, const char *pattern) {
  int open = m->count - 1;
  while (open >= 0 && m->captures[open].length != IS_OPEN) open--;
  if (open < 0) luaL_error(m->lua, "invalid pattern capture");
  m->captures[open].length = at - m->captures[open].start;
  const char *end = match(m, at, pattern);
  if (end == NULL) m->captures[open].length = IS_OPEN;
  return end;
}

// "%1": what a capture has found, once more.
static const char *match_again(matching *m, const char *at, int digit) {
  int which = digit - '1';
  if (which < 0 || which >= m->count || m->captures[which].length == IS_OPEN) {
    luaL_error(m->lua, "invalid capture index");
  }
  ptrdiff_t length = m->captures[which].length;
  // A position is never found again.
  if (length == IS_POSITION || m->end - at < length) return NULL;
  take_steps(m, (size_t)length / 16);
  return memcmp(m->captures[which].start, at, (size_t)length) == 0 ? at + length : NULL;
}

// Where a match of `pattern` that begins at `at` ends; NULL: there is none.
static const char *match(matching *m, const char *at, const char *pattern) {
  while (true) {
    take_steps(m, 1);
    switch (*pattern) {
      case 0: return at;
      case '(':
        return pattern[1] == ')' ? open_capture(m, at, pattern + 2, IS_POSITION)
                                 : open_capture(m, at, pattern + 1, IS_OPEN);
      case ')': return close_capture(m, at, pattern + 1);
      case '$':
        if (pattern[1] == 0) return at == m->end ? at : NULL;
        break;
      case '%':
        if (pattern[1] == 'b') {
          at = match_balance(m, at, pattern + 2);
          if (at == NULL) return NULL;
          pattern += 4;
          continue;
        }
        if (pattern[1] == 'f') {
          if (pattern[2] != '[') {
            luaL_error(m->lua, "missing " LUA_QL("[") " after " LUA_QL("%%f") " in pattern");
          }
          const char *set_end = end_of_class(m, pattern + 2);
          if (!is_frontier(m, at, pattern + 2, set_end)) return NULL;
          pattern = set_end;
          continue;
        }
        if (isdigit(byte(pattern + 1))) {
          at = match_again(m, at, byte(pattern + 1));
          if (at == NULL) return NULL;
          pattern += 2;
          continue;
        }
        break;
      default: break;
    }
    const char *class_end = end_of_class(m, pattern);
    switch (*class_end) {
      case '*': return match_most(m, at, pattern, class_end);
      case '-': return match_fewest(m, at, pattern, class_end);
      case '+':
        return is_single(m, at, pattern, class_end)
                   ? match_most(m, at + 1, pattern, class_end) : NULL;
      case '?':
        if (is_single(m, at, pattern, class_end)) {
          const char *end = match(m, at + 1, class_end + 1);
          if (end != NULL) return end;
        }
        pattern = class_end + 1;
        break;
      default:
        if (!is_single(m, at, pattern, class_end)) return NULL;
        at++;
        pattern = class_end;
    }
  }
}

// MARK: - Results

// Pushes a capture; where there are none, the first is the whole match from `start` to `end`.
static void push_capture(matching *m, int which, const char *start, const char *end) {
  if (which >= m->count) {
    if (which != 0) luaL_error(m->lua, "invalid capture index");
    lua_pushlstring(m->lua, start, (size_t)(end - start));
    return;
  }
  ptrdiff_t length = m->captures[which].length;
  if (length == IS_OPEN) luaL_error(m->lua, "unfinished capture");
  if (length == IS_POSITION) {
    lua_pushinteger(m->lua, m->captures[which].start - m->start + 1);
  } else {
    lua_pushlstring(m->lua, m->captures[which].start, (size_t)length);
  }
}

// Pushes all captures; `start` may be NULL: then a whole match is none.
static int push_captures(matching *m, const char *start, const char *end) {
  int count = m->count == 0 && start != NULL ? 1 : m->count;
  luaL_checkstack(m->lua, count, "too many captures");
  for (int which = 0; which < count; which++) push_capture(m, which, start, end);
  return count;
}

// Reads the subject and the pattern, arguments 1 and 2.
static const char *begin(lua_State *lua, matching *m, size_t *pattern_length) {
  size_t length;
  m->lua = lua;
  m->start = luaL_checklstring(lua, 1, &length);
  m->end = m->start + length;
  m->steps = 0;
  const char *pattern = luaL_checklstring(lua, 2, pattern_length);
  if (*pattern_length > PATTERN_LENGTH_MAX) luaL_error(lua, "pattern too complex");
  return pattern;
}

static int find_or_match(lua_State *lua, bool finds) {
  matching m;
  size_t pattern_length;
  const char *pattern = begin(lua, &m, &pattern_length);
  ptrdiff_t length = m.end - m.start;
  ptrdiff_t first = luaL_optinteger(lua, 3, 1);
  if (first < 0) first += length + 1;
  first = first <= 0 ? 0 : first - 1;
  const char *at = m.start + (first > length ? length : first);
  if (finds && (lua_toboolean(lua, 4) || strpbrk(pattern, "^$*+?.([%-") == NULL)) {
    const char *found = memmem(at, (size_t)(m.end - at), pattern, pattern_length);
    if (found == NULL) {
      lua_pushnil(lua);
      return 1;
    }
    lua_pushinteger(lua, found - m.start + 1);
    lua_pushinteger(lua, found - m.start + (ptrdiff_t)pattern_length);
    return 2;
  }
  bool is_anchored = *pattern == '^';
  if (is_anchored) pattern++;
  do {
    m.count = 0;
    const char *end = match(&m, at, pattern);
    if (end == NULL) continue;
    if (!finds) return push_captures(&m, at, end);
    lua_pushinteger(lua, at - m.start + 1);
    lua_pushinteger(lua, end - m.start);
    return 2 + push_captures(&m, NULL, NULL);
  } while (at++ < m.end && !is_anchored);
  lua_pushnil(lua);
  return 1;
}

static int find(lua_State *lua) { return find_or_match(lua, true); }

static int match_first(lua_State *lua) { return find_or_match(lua, false); }

// The iterator of gmatch: its upvalues are the subject, the pattern and where to go on.
static int match_next(lua_State *lua) {
  matching m;
  size_t length;
  m.lua = lua;
  m.start = lua_tolstring(lua, lua_upvalueindex(1), &length);
  m.end = m.start + length;
  m.steps = 0;
  const char *pattern = lua_tostring(lua, lua_upvalueindex(2));
  const char *at = m.start + lua_tointeger(lua, lua_upvalueindex(3));
  for (; at <= m.end; at++) {
    m.count = 0;
    const char *end = match(&m, at, pattern);
    if (end == NULL) continue;
    lua_pushinteger(lua, end - m.start + (end == at ? 1 : 0));
    lua_replace(lua, lua_upvalueindex(3));
    return push_captures(&m, at, end);
  }
  return 0;
}

static int match_each(lua_State *lua) {
  matching m;
  size_t pattern_length;
  begin(lua, &m, &pattern_length);
  lua_settop(lua, 2);
  lua_pushinteger(lua, 0);
  lua_pushcclosure(lua, match_next, 3);
  return 1;
}

// MARK: - Replacing

// Adds argument 3, a text in which "%1" stands for a capture.
static void add_text(matching *m, luaL_Buffer *buffer, const char *start, const char *end) {
  size_t length;
  const char *text = lua_tolstring(m->lua, 3, &length);
  for (size_t index = 0; index < length; index++) {
    if (text[index] != '%') {
      luaL_addchar(buffer, text[index]);
      continue;
    }
    // A text ends in a NUL.
    char next = text[++index];
    if (!isdigit((unsigned char)next)) {
      luaL_addchar(buffer, next);
    } else if (next == '0') {
      luaL_addlstring(buffer, start, (size_t)(end - start));
    } else {
      push_capture(m, next - '1', start, end);
      luaL_addvalue(buffer);
    }
  }
}

// Adds what stands for a match.
static void add_replacement(
    matching *m, luaL_Buffer *buffer, const char *start, const char *end) {
  lua_State *lua = m->lua;
  switch (lua_type(lua, 3)) {
    case LUA_TFUNCTION: {
      lua_pushvalue(lua, 3);
      int count = push_captures(m, start, end);
      lua_call(lua, count, 1);
      break;
    }
    case LUA_TTABLE:
      push_capture(m, 0, start, end);
      lua_gettable(lua, 3);
      break;
    default: add_text(m, buffer, start, end); return;
  }
  if (!lua_toboolean(lua, -1)) {
    lua_pop(lua, 1);
    lua_pushlstring(lua, start, (size_t)(end - start));
  } else if (!lua_isstring(lua, -1)) {
    luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
  }
  luaL_addvalue(buffer);
}

static int replace(lua_State *lua) {
  matching m;
  size_t pattern_length;
  const char *pattern = begin(lua, &m, &pattern_length);
  int type = lua_type(lua, 3);
  int count_max = luaL_optint(lua, 4, (int)(m.end - m.start + 1));
  bool is_anchored = *pattern == '^';
  if (is_anchored) pattern++;
  luaL_argcheck(
      lua,
      type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
      "string/function/table expected");
  luaL_Buffer buffer;
  luaL_buffinit(lua, &buffer);
  const char *at = m.start;
  int count = 0;
  while (count < count_max) {
    m.count = 0;
    const char *end = match(&m, at, pattern);
    if (end != NULL) {
      count++;
      add_replacement(&m, &buffer, at, end);
    }
    if (end != NULL && end > at) {
      at = end;
    } else if (at < m.end) {
      luaL_addchar(&buffer, *at++);
    } else {
      break;
    }
    if (is_anchored) break;
  }
  luaL_addlstring(&buffer, at, (size_t)(m.end - at));
  luaL_pushresult(&buffer);
  lua_pushinteger(lua, count);
  return 2;
}

void wl_install_patterns(lua_State *lua) {
  static const luaL_Reg functions[] = {
      {"find", find},         {"match", match_first}, {"gmatch", match_each},
      {"gfind", match_each},  {"gsub", replace},      {NULL, NULL},
  };
  for (const luaL_Reg *each = functions; each->name != NULL; each++) {
    lua_pushcfunction(lua, each->func);
    lua_setfield(lua, -2, each->name);
  }
}
