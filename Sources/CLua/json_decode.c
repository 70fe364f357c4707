// cjson.decode, with the behaviour and the error texts of lua-cjson 2.1.
#include "json_settings.h"

#include <stdlib.h>
#include <strings.h>

typedef enum token_type {
  T_OBJ_BEGIN, T_OBJ_END, T_ARR_BEGIN, T_ARR_END, T_STRING, T_NUMBER, T_BOOLEAN, T_NULL,
  T_COLON, T_COMMA, T_END, T_ERROR,
} token_type;

static const char *const token_names[] = {
    "T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER",
    "T_BOOLEAN", "T_NULL", "T_COLON", "T_COMMA", "T_END", "T_ERROR",
};

typedef struct token {
  token_type type;
  size_t index;       // where it begins
  double number;      // or a Boolean
  const char *fault;  // of T_ERROR
} token;

typedef struct decoder {
  lua_State *lua;
  wl_state *state;
  const json_settings *settings;
  // A Lua string: there is a 0 behind its end.
  const char *text;
  size_t count;
  size_t place;
  int depth;
} decoder;

// MARK: - Tokens

static void set_fault(decoder *in, token *next, const char *fault) {
  next->type = T_ERROR;
  next->index = in->place;
  next->fault = fault;
}

static void append(decoder *in, const void *bytes, size_t count) {
  wl_append(in->lua, &in->state->scratch, in->state->memory_max, bytes, count);
}

// Four hexadecimal digits; -1 for anything else.
static int read_hexadecimal(const char *text) {
  int value = 0;
  for (int index = 0; index < 4; index++) {
    char digit = text[index];
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + digit - '0';
    } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
      value = value * 16 + (digit | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
  }
  return value;
}

static void append_code_point(decoder *in, int code) {
  unsigned char bytes[4];
  size_t count;
  if (code < 0x80) {
    bytes[0] = (unsigned char)code;
    count = 1;
  } else if (code < 0x800) {
    bytes[0] = (unsigned char)(0xC0 | code >> 6);
    bytes[1] = (unsigned char)(0x80 | (code & 0x3F));
    count = 2;
  } else if (code < 0x10000) {
    bytes[0] = (unsigned char)(0xE0 | code >> 12);
    bytes[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    bytes[2] = (unsigned char)(0x80 | (code & 0x3F));
    count = 3;
  } else {
    bytes[0] = (unsigned char)(0xF0 | code >> 18);
    bytes[1] = (unsigned char)(0x80 | (code >> 12 & 0x3F));
    bytes[2] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    bytes[3] = (unsigned char)(0x80 | (code & 0x3F));
    count = 4;
  }
  append(in, bytes, count);
}

// Reads \uXXXX, or a pair of them. The text ends with a 0, which is no digit.
static bool append_unicode(decoder *in) {
  const char *text = in->text + in->place;
  int code = read_hexadecimal(text + 2);
  if (code < 0) return false;
  size_t length = 6;
  if ((code & 0xF800) == 0xD800) {
    if (code & 0x400) return false;
    if (text[6] != '\\' || text[7] != 'u') return false;
    int low = read_hexadecimal(text + 8);
    if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
    code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
    length = 12;
  }
  append_code_point(in, code);
  in->place += length;
  return true;
}

static char unescape(char letter) {
  switch (letter) {
    case '"': case '\\': case '/': return letter;
    case 'b': return '\b';
    case 't': return '\t';
    case 'n': return '\n';
    case 'f': return '\f';
    case 'r': return '\r';
    default: return 0;
  }
}

// Reads a string into the scratch buffer.
static void read_string(decoder *in, token *next) {
  in->state->scratch.count = 0;
  in->place++;
  while (true) {
    const char *text = in->text + in->place;
    size_t plain = 0;
    while (text[plain] != '"' && text[plain] != '\\' && text[plain] != 0) plain++;
    append(in, text, plain);
    in->place += plain;
    char byte = text[plain];
    if (byte == 0) return set_fault(in, next, "unexpected end of string");
    if (byte == '"') break;
    char letter = text[plain + 1];
    if (letter == 'u') {
      if (!append_unicode(in)) return set_fault(in, next, "invalid unicode escape code");
      continue;
    }
    letter = unescape(letter);
    if (letter == 0) return set_fault(in, next, "invalid escape code");
    append(in, &letter, 1);
    in->place += 2;
  }
  in->place++;
  next->type = T_STRING;
}

// Whether a number that JSON does not allow stands here.
static bool is_invalid_number(const char *text) {
  if (*text == '+') return true;
  if (*text == '-') text++;
  if (*text == '0') {
    return (text[1] | 0x20) == 'x' || (text[1] >= '0' && text[1] <= '9');
  }
  if (*text <= '9') return false;
  return strncasecmp(text, "inf", 3) == 0 || strncasecmp(text, "nan", 3) == 0;
}

static void read_number(decoder *in, token *next) {
  char *end;
  const char *text = in->text + in->place;
  next->number = strtod(text, &end);
  if (end == text) return set_fault(in, next, "invalid number");
  next->type = T_NUMBER;
  in->place += (size_t)(end - text);
}

static bool read_word(decoder *in, token *next, const char *word, token_type type, int value) {
  size_t length = strlen(word);
  if (strncmp(in->text + in->place, word, length) != 0) return false;
  next->type = type;
  next->number = value;
  in->place += length;
  return true;
}

static void read_token(decoder *in, token *next) {
  while (true) {
    char byte = in->text[in->place];
    if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') break;
    in->place++;
  }
  next->index = in->place;
  const char *text = in->text + in->place;
  if (*text == 0 && in->place >= in->count) {
    next->type = T_END;
    return;
  }
  static const char single[] = "{}[]:,";
  static const token_type singles[] = {
      T_OBJ_BEGIN, T_OBJ_END, T_ARR_BEGIN, T_ARR_END, T_COLON, T_COMMA,
  };
  const char *found = *text == 0 ? NULL : strchr(single, *text);
  if (found != NULL) {
    next->type = singles[found - single];
    in->place++;
    return;
  }
  if (*text == '"') return read_string(in, next);
  if (*text == '-' || (*text >= '0' && *text <= '9')) {
    if (!in->settings->decode_invalid && is_invalid_number(text)) {
      return set_fault(in, next, "invalid number");
    }
    return read_number(in, next);
  }
  if (read_word(in, next, "true", T_BOOLEAN, 1)) return;
  if (read_word(in, next, "false", T_BOOLEAN, 0)) return;
  if (read_word(in, next, "null", T_NULL, 0)) return;
  if (in->settings->decode_invalid && is_invalid_number(text)) return read_number(in, next);
  set_fault(in, next, "invalid token");
}

// MARK: - Values

static void refuse(decoder *in, const char *expected, const token *found) {
  const char *name = found->type == T_ERROR ? found->fault : token_names[found->type];
  luaL_error(
      in->lua, "Expected %s but found %s at character %d", expected, name,
      (int)found->index + 1);
}

static void descend(decoder *in) {
  in->depth++;
  if (in->depth > in->settings->decode_depth_max || !lua_checkstack(in->lua, 8)) {
    luaL_error(
        in->lua, "Found too many nested data structures (%d) at character %d", in->depth,
        (int)in->place);
  }
}

static void push_value(decoder *in, const token *next);

static void push_object(decoder *in) {
  token next;
  descend(in);
  lua_newtable(in->lua);
  read_token(in, &next);
  if (next.type != T_OBJ_END) {
    while (true) {
      if (next.type != T_STRING) refuse(in, "object key string", &next);
      lua_pushlstring(
          in->lua, (const char *)in->state->scratch.bytes, in->state->scratch.count);
      read_token(in, &next);
      if (next.type != T_COLON) refuse(in, "colon", &next);
      read_token(in, &next);
      push_value(in, &next);
      lua_rawset(in->lua, -3);
      read_token(in, &next);
      if (next.type == T_OBJ_END) break;
      if (next.type != T_COMMA) refuse(in, "comma or object end", &next);
      read_token(in, &next);
    }
  }
  in->depth--;
}

static void push_array(decoder *in) {
  token next;
  descend(in);
  lua_newtable(in->lua);
  read_token(in, &next);
  if (next.type != T_ARR_END) {
    for (int index = 1;; index++) {
      push_value(in, &next);
      lua_rawseti(in->lua, -2, index);
      read_token(in, &next);
      if (next.type == T_ARR_END) break;
      if (next.type != T_COMMA) refuse(in, "comma or array end", &next);
      read_token(in, &next);
    }
  }
  in->depth--;
}

static void push_value(decoder *in, const token *next) {
  switch (next->type) {
    case T_STRING:
      lua_pushlstring(
          in->lua, (const char *)in->state->scratch.bytes, in->state->scratch.count);
      break;
    case T_NUMBER: lua_pushnumber(in->lua, next->number); break;
    case T_BOOLEAN: lua_pushboolean(in->lua, next->number != 0); break;
    case T_OBJ_BEGIN: push_object(in); break;
    case T_ARR_BEGIN: push_array(in); break;
    case T_NULL: lua_pushlightuserdata(in->lua, NULL); break;
    default: refuse(in, "value", next);
  }
}

int json_decode(lua_State *lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  decoder in = {.lua = lua, .state = wl_state_of(lua), .settings = json_settings_of(lua)};
  in.text = luaL_checklstring(lua, 1, &in.count);
  if (in.count >= 2 && (in.text[0] == 0 || in.text[1] == 0)) {
    luaL_error(lua, "JSON parser does not support UTF-16 or UTF-32");
  }
  token next;
  read_token(&in, &next);
  push_value(&in, &next);
  read_token(&in, &next);
  if (next.type != T_END) refuse(&in, "the end", &next);
  return 1;
}
