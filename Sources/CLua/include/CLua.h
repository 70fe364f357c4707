// Lua 5.1 as the server needs it: one interpreter, sandboxed, behind calls that always return.
//
// Lua reports errors by longjmp. No Swift frame may ever lie between such a jump and its target, so
// everything that talks to the Lua stack is C, in this target. Swift hands in requests and gets
// results; what scripts want of the server comes through `wl_host`, whose functions return
// normally and never touch Lua.
#ifndef CLUA_H
#define CLUA_H

#include <stddef.h>
#include <stdint.h>

typedef struct wl_state wl_state;

// Bytes that somebody else owns.
typedef struct wl_slice {
  const uint8_t *bytes;
  size_t count;
} wl_slice;

// What a script gets from the server. `context` is handed to every function.
typedef struct wl_host {
  void *context;
  // Runs a command. The reply, whole and in RESP, must stay until the host is called again.
  void (*call)(void *context, const wl_slice *arguments, size_t count, wl_slice *reply);
  // Called every `WL_TICK_INSTRUCTIONS`. Not 0: the script is to end with that error.
  int32_t (*tick)(void *context);
  void (*log)(void *context, int32_t level, const uint8_t *text, size_t count);
  // Whether the user may run a command: 1, 0, or -1 when there is no such command.
  int32_t (*allows)(void *context, const wl_slice *arguments, size_t count);
  // redis.setresp: the protocol of replies to `call`.
  void (*set_version)(void *context, int32_t version);
  // redis.register_function. `description` may have no bytes. NULL, or what is wrong.
  const char *(*add_function)(
      void *context, wl_slice name, wl_slice description, uint32_t flags, int32_t reference);
} wl_host;

enum { WL_TICK_INSTRUCTIONS = 100000 };

// What `tick` may answer.
enum { WL_GO_ON = 0, WL_KILL_SCRIPT = 1, WL_KILL_FUNCTION = 2, WL_LOAD_TIMEOUT = 3 };

// Flags of scripts and functions.
enum {
  WL_NO_WRITES = 1 << 0,
  WL_ALLOW_OOM = 1 << 1,
  WL_ALLOW_STALE = 1 << 2,
  WL_NO_CLUSTER = 1 << 3,
  WL_ALLOW_CROSS_SLOT_KEYS = 1 << 4,
  // None was given: commands are judged one by one.
  WL_COMPATIBLE = 1 << 5,
};

// How a run ended.
enum {
  // `wl_output` is the reply in RESP.
  WL_REPLY = 0,
  // `wl_output` is an error's text, without "-"; `wl_error_source` and `_line` say where.
  WL_ERROR = 1,
  // `wl_output` is the text of an error that is none of a script's making (no memory).
  WL_FAILURE = 2,
};

// Makes an interpreter that holds `memory_max` bytes at most. `is_for_functions`: libraries of
// functions are loaded into it, not scripts. NULL: no memory.
wl_state *wl_new(
    size_t memory_max, int32_t is_for_functions, const char *version, uint32_t version_number,
    uint64_t seed);
void wl_free(wl_state *state);
// Bytes that it holds now.
size_t wl_memory(const wl_state *state);
void wl_set_memory_max(wl_state *state, size_t memory_max);

// Compiles a script. WL_REPLY and `*reference`, or WL_ERROR.
int32_t wl_compile(wl_state *state, const uint8_t *body, size_t count, int32_t *reference);
// Runs a library's code, which registers its functions. WL_REPLY or WL_ERROR.
int32_t wl_load(wl_state *state, const wl_host *host, const uint8_t *body, size_t count);
// Forgets a script or function.
void wl_release(wl_state *state, int32_t reference);

// Runs a script or a function. `version`: the protocol of the reply.
int32_t wl_run(
    wl_state *state, const wl_host *host, int32_t reference, const wl_slice *keys,
    size_t key_count, const wl_slice *arguments, size_t argument_count, int32_t version);

// The outcome of the last call; valid until the next.
wl_slice wl_output(const wl_state *state);
wl_slice wl_error_source(const wl_state *state);
int32_t wl_error_line(const wl_state *state);
// Whether the error was counted already, when a command of the script failed.
int32_t wl_error_is_counted(const wl_state *state);

// Writes the SHA-1 of `count` bytes as 40 digits.
void wl_sha1(const uint8_t *bytes, size_t count, char digits[40]);

#endif
