// The game's side of observerio, for C and for every language that can call C.
//
// Made from the library's code: don't edit it. docs/sdk-c.md shows how to begin.
//
// - The game never waits for the network, but in obs_flush and obs_close, which have a deadline.
// - Texts are UTF-8 and end with a zero byte. What is handed in is copied, unless it says otherwise.
// - NULL where there must be something, and text that is not UTF-8, are answered with a negative obs_status; obs_last_error
//   says which argument it was. A pointer to anything else, or to what was freed, can't be found out.
// - "Any thread" means: from several threads at once, too.
// - No call unwinds or throws into the game.

#ifndef OBSERVERIO_H
#define OBSERVERIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBS_VERSION_MAJOR 0
#define OBS_VERSION_MINOR 1
#define OBS_VERSION_PATCH 0
// The version of this header, as obs_version() gives the library's.
#define OBS_VERSION ((uint32_t)OBS_VERSION_MAJOR << 16 | OBS_VERSION_MINOR << 8 | OBS_VERSION_PATCH)
// Whether the library that runs offers what this header declares: ask before anything else.
#define OBS_IS_COMPATIBLE() obs_is_compatible(OBS_VERSION)

#define OBS_TEXT_OF_(word) #word
#define OBS_TEXT_OF(word) OBS_TEXT_OF_(word)
// Where this word stands, for `source` of a spec: "boss.c:41".
#define OBS_SOURCE __FILE__ ":" OBS_TEXT_OF(__LINE__)


// Bytes of a reason, with the zero byte that ends it.
#define OBS_REASON_BYTES 256

// What a call answers. Negative: it did nothing, and `obs_last_error` says why.
typedef enum obs_status {
  // Done.
  OBS_STATUS_OK = 0,
  // An argument is NULL that must not be.
  OBS_STATUS_NULL = -1,
  // A text is not UTF-8.
  OBS_STATUS_UTF8 = -2,
  // An argument can't be what it is: the error says which and why.
  OBS_STATUS_INVALID = -3,
  // The variable has another type.
  OBS_STATUS_TYPE = -4,
  // This can't be done now, or not twice.
  OBS_STATUS_STATE = -5,
  // The time was over first.
  OBS_STATUS_TIMEOUT = -6,
  // The operating system refused.
  OBS_STATUS_SYSTEM = -7,
  // A mistake in the library, which caught it: please report it.
  OBS_STATUS_PANIC = -8,
} obs_status;

// How much a log entry matters.
typedef enum obs_level {
  // Every step.
  OBS_LEVEL_TRACE = 0,
  // For the people who fix the game.
  OBS_LEVEL_DEBUG = 1,
  // What happened.
  OBS_LEVEL_INFO = 2,
  // Odd, and the game goes on.
  OBS_LEVEL_WARN = 3,
  // Something failed.
  OBS_LEVEL_ERROR = 4,
  // The game can't go on.
  OBS_LEVEL_FATAL = 5,
} obs_level;

// What an `obs_value` holds.
typedef enum obs_kind {
  // `boolean`
  OBS_KIND_BOOL = 0,
  // `integer`
  OBS_KIND_INT = 1,
  // `number`
  OBS_KIND_DOUBLE = 2,
  // `text`, UTF-8
  OBS_KIND_TEXT = 3,
  // `text`, which is JSON
  OBS_KIND_JSON = 4,
} obs_kind;

// What a check says of a value.
typedef enum obs_decision {
  // The game takes it.
  OBS_DECISION_TAKE = 0,
  // The game takes `value` of the verdict in its place.
  OBS_DECISION_CLAMP = 1,
  // The game keeps what it has.
  OBS_DECISION_REJECT = 2,
} obs_decision;

// Somebody pressed a button. It is the game's until it is answered.
typedef struct obs_call obs_call;

// A game's connection, in a thread of its own, for as long as this is not closed.
typedef struct obs_connection obs_connection;

// A game: its variables, its actions, its log.
typedef struct obs_game obs_game;

// A variable. It belongs to its game, and is valid until that is freed.
typedef struct obs_var obs_var;

// Who the game is. All but the key may be NULL or 0. Texts are UTF-8, and copied.
typedef struct obs_settings {
  // The project's game key: 12 characters. Needed.
  const char *key;
  // What stays the same for one installation of the game, at most 128 bytes: by it people know a device again.
  const char *device;
  // What people read in place of the device, such as "Ana's phone".
  const char *name;
  // The game's own version.
  const char *app;
  // Such as "android 15"; NULL: the name of the operating system.
  const char *platform;
  // How much log may wait to be stored, in bytes; 0: 1 MiB. Beyond it the least important is dropped, and counted.
  size_t outbox_bytes;
  // Values that change are sent at most so often, in milliseconds; 0: every 100.
  uint32_t report_ms;
  // The path of a folder that keeps the values people set: a start without a server begins with them instead of those of
  // the code. The folder is created if it is missing. NULL: they are not kept.
  const char *values_in;
  // The path of a folder that keeps what is not stored yet: what a killed game had logged is sent by its next start, and
  // stored once. The folder is created if it is missing; of two games at the same time, only the first one uses it.
  // NULL: in memory only.
  const char *outbox_in;
} obs_settings;

// How it goes.
typedef struct obs_stats {
  // Connected, and the key is accepted.
  bool is_connected;
  // The server speaks the original grammar only: nothing is acknowledged.
  bool is_original;
  // Log entries that the server has stored.
  uint64_t stored;
  // Log entries that were dropped for lack of room, by `obs_level`.
  uint64_t dropped[6];
  // Lines, or entries of them, that the server refused for good.
  uint64_t refused;
  // Bytes that wait to be stored.
  uint64_t waiting_bytes;
  // The newest revision that the game has applied; 0: none.
  int64_t revision;
  // How often a file could not be read or written. The game continues without it, and tries again.
  uint64_t disk_errors;
} obs_stats;

// A value: `kind` says which of the others counts.
typedef struct obs_value {
  // One of `obs_kind`.
  int32_t kind;
  // With `OBS_KIND_BOOL`.
  bool boolean;
  // With `OBS_KIND_INT`.
  int64_t integer;
  // With `OBS_KIND_DOUBLE`; finite.
  double number;
  // With `OBS_KIND_TEXT` and `OBS_KIND_JSON`: it ends with a zero byte.
  const char *text;
} obs_value;

// Where a check puts more than its answer. All zero before the call.
typedef struct obs_verdict {
  // With `OBS_DECISION_CLAMP`: what is in force. A text must stay valid until the check is called again or the game
  // is freed.
  struct obs_value value;
  // For people, such as "in a cutscene": UTF-8 that ends with a zero byte.
  char reason[OBS_REASON_BYTES];
} obs_verdict;

// The game's own look at a value that people want, before it is taken: one of `obs_decision`.
// It runs inside `obs_frame`, in the thread that calls that, and nowhere else; within `min` and `max` already. It may read
// and set variables and log; it must not call `obs_frame`, and neither throw nor jump out.
typedef int32_t (*obs_check)(void *context, const struct obs_value *wanted, struct obs_verdict *verdict);

// What people are told of a variable. All zero, or NULL in its place, says nothing. Texts are UTF-8, and copied.
typedef struct obs_spec {
  // What people read in place of the name.
  const char *label;
  // A sentence for the tooltip.
  const char *help;
  // Such as "m/s".
  const char *unit;
  // A path of headings, such as "enemy/boss".
  const char *group;
  // Where it is declared, such as "src/boss.c:41": `OBS_SOURCE` is where that word stands.
  const char *source;
  // Whether there is a range: `min` and `max` of a double, `min_int` and `max_int` of an integer.
  bool has_range;
  // The smallest double; what is below is clamped to it, and people are told.
  double min;
  // The largest double.
  double max;
  // The smallest integer.
  int64_t min_int;
  // The largest integer.
  int64_t max_int;
  // The step of arrow keys and sliders; 0 = none is said.
  double step;
  // The choices of a text: it is one of these.
  const char *const *options;
  // How many options there are; 0 = any text.
  size_t option_count;
  // Asked before a value is taken; NULL: every value of the type and range is.
  obs_check check;
  // Handed to `check`. It must stay valid until the game is freed.
  void *context;
} obs_spec;

// A further field of a log entry.
typedef struct obs_field {
  // Its name.
  const char *name;
  // Its value.
  struct obs_value value;
} obs_field;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library that runs, written as `OBS_VERSION` is: major << 16 | minor << 8 | patch.
// Any thread, at any time.
uint32_t obs_version(void);

// Whether the library that runs offers what a header of this version declares: `OBS_IS_COMPATIBLE()` asks for yours.
// Before 1.0, that is the same minor version and no smaller patch; from 1.0 on, the same major version and no smaller minor.
// Any thread, at any time.
bool obs_is_compatible(uint32_t header_version);

// Why the last call of this thread that failed did so, as UTF-8; empty if none has. Calls that succeed leave it.
// Any thread, at any time. The text is valid until a call of this thread fails again, or the thread ends.
const char *obs_last_error(void);

// Makes a game that is not connected yet: it can declare, read and log already. `*game` is NULL when that fails.
// Any thread. Free it with `obs_game_free`.
enum obs_status obs_game_new(const struct obs_settings *settings,
                             struct obs_game **game);

// Frees a game and all its variables; NULL is none. Close its connection before, and let no other thread use any of it.
void obs_game_free(struct obs_game *game);

// A boundary between two frames: everything that people want by now is applied, all of it together, checks are asked, and
// calls of actions arrive. How many variables have another value, or a negative `obs_status`. It never waits.
// One thread at a time, usually the one with the game's main loop.
int32_t obs_frame(struct obs_game *game);

// How it goes. Any thread, at any time.
enum obs_status obs_get_stats(const struct obs_game *game, struct obs_stats *stats);

// What the server last refused, as "code sentence"; empty if nothing. `buffer`, `size` and the result as for `obs_get_text`.
// Any thread, at any time.
int64_t obs_server_error(const struct obs_game *game,
                         char *buffer,
                         size_t size);

// The last file that could not be read or written, as "file: reason"; empty if there was none. `buffer`, `size` and the
// result as for `obs_get_text`. Any thread, at any time.
int64_t obs_disk_error(const struct obs_game *game,
                       char *buffer,
                       size_t size);

// Connects to a server's game port, `address` being "host:port", and connects again whenever it must. It returns at once,
// whether a server is there or not. `*connection` is NULL when it fails. Once for each game.
// Any thread. The library's thread calls nothing of the game's. End it with `obs_close`.
enum obs_status obs_connect(struct obs_game *game,
                            const char *address,
                            struct obs_connection **connection);

// As `obs_connect`, encrypted: the server's certificate must be valid for the host of `address`, as the operating system sees
// it. `OBS_STATUS_STATE` if this library was built without TLS.
enum obs_status obs_connect_tls(struct obs_game *game,
                                const char *address,
                                struct obs_connection **connection);

// Waits until everything that was logged is stored: `OBS_STATUS_TIMEOUT` if it is not after `timeout_ms` milliseconds.
// For the end of a level, not for every frame. Any thread but not beside `obs_close`.
enum obs_status obs_flush(const struct obs_connection *connection,
                          uint32_t timeout_ms);

// Ends and frees a connection; NULL is none. Waits until everything that was logged is stored, for at most `timeout_ms`
// milliseconds. The game goes on without a server. One thread, once.
enum obs_status obs_close(struct obs_connection *connection,
                          uint32_t timeout_ms);

// Declares a variable that people switch on and off. `own` is its value until they do; `spec` may be NULL.
// Any thread. Declaring a name of the same type again gives the same variable.
enum obs_status obs_declare_bool(struct obs_game *game,
                                 const char *name,
                                 bool own,
                                 const struct obs_spec *spec,
                                 struct obs_var **var);

// Declares an integer: all 64 bits are exact. Otherwise as `obs_declare_bool`.
enum obs_status obs_declare_int(struct obs_game *game,
                                const char *name,
                                int64_t own,
                                const struct obs_spec *spec,
                                struct obs_var **var);

// Declares a double; `own` must be finite. Otherwise as `obs_declare_bool`.
enum obs_status obs_declare_double(struct obs_game *game,
                                   const char *name,
                                   double own,
                                   const struct obs_spec *spec,
                                   struct obs_var **var);

// Declares a text; with options in `spec`, a choice of one of them. `own` is copied. Otherwise as `obs_declare_bool`.
enum obs_status obs_declare_text(struct obs_game *game,
                                 const char *name,
                                 const char *own,
                                 const struct obs_spec *spec,
                                 struct obs_var **var);

// Declares a colour in one of the ways of CSS, such as "#ff8844"; people get a colour picker, and the game a text in the
// same way. Read and set it as a text. Otherwise as `obs_declare_text`.
enum obs_status obs_declare_color(struct obs_game *game,
                                  const char *name,
                                  const char *own,
                                  const struct obs_spec *spec,
                                  struct obs_var **var);

// Declares something that the game measures, such as frames a second: shown, never edited. Set it as often as you like; it
// is sent up to 60 times a second. Otherwise as `obs_declare_double`.
enum obs_status obs_measure_double(struct obs_game *game,
                                   const char *name,
                                   double first,
                                   const struct obs_spec *spec,
                                   struct obs_var **var);

// As `obs_measure_double`, of an integer.
enum obs_status obs_measure_int(struct obs_game *game,
                                const char *name,
                                int64_t first,
                                const struct obs_spec *spec,
                                struct obs_var **var);

// The value in force: an atomic load. false when `var` is no bool; `obs_last_error` says so.
// Any thread, also beside `obs_frame` and `obs_set_bool`.
bool obs_get_bool(const struct obs_var *var);

// The value in force: an atomic load. 0 when `var` is no integer. Threads as for `obs_get_bool`.
int64_t obs_get_int(const struct obs_var *var);

// The value in force: an atomic load. 0 when `var` is no double. Threads as for `obs_get_bool`.
double obs_get_double(const struct obs_var *var);

// Copies the text in force into `buffer`, which has room for `size` bytes: as many whole characters as fit, then a zero byte.
// The length of the whole text in bytes, or a negative `obs_status`. With `size` 0, `buffer` may be NULL.
// Threads as for `obs_get_bool`.
int64_t obs_get_text(const struct obs_var *var,
                     char *buffer,
                     size_t size);

// The game's own value from now on, in force until people want another one; reported to them.
// Any thread, also beside `obs_frame`.
enum obs_status obs_set_bool(struct obs_var *var, bool value);

// As `obs_set_bool`, of an integer.
enum obs_status obs_set_int(struct obs_var *var, int64_t value);

// As `obs_set_bool`, of a double, which must be finite.
enum obs_status obs_set_double(struct obs_var *var, double value);

// As `obs_set_bool`, of a text, which is copied.
enum obs_status obs_set_text(struct obs_var *var, const char *value);

// Declares a button. `spec` may be NULL; of it, label, help, group and source count. Any thread.
enum obs_status obs_declare_action(struct obs_game *game, const char *name, const struct obs_spec *spec);

// The oldest call that `obs_frame` has brought: `*call` is NULL when there is none. Answer it with `obs_answer` or `obs_fail`,
// now or later; after 30 seconds people are told that it failed. Any thread.
enum obs_status obs_poll_action(struct obs_game *game,
                                struct obs_call **call);

// Which action; valid until the call is answered, NULL for no call. Any thread.
const char *obs_call_name(const struct obs_call *call);

// Its arguments as JSON, or NULL without any; valid until the call is answered. Any thread.
const char *obs_call_args(const struct obs_call *call);

// The call is done: `result` is JSON, or NULL for none. With `OBS_STATUS_OK` the call is freed; otherwise it is still yours.
// Any thread, once.
enum obs_status obs_answer(struct obs_call *call,
                           const char *result);

// The call failed, for a reason that people read. Otherwise as `obs_answer`.
enum obs_status obs_fail(struct obs_call *call, const char *reason);

// Logs; `level` is one of `obs_level`. What finds no room is dropped and counted, debug before errors. It never waits.
// Any thread, at any time.
enum obs_status obs_log(const struct obs_game *game,
                        int32_t level,
                        const char *message);

// Logs with further fields, of which there are `count`. Otherwise as `obs_log`.
enum obs_status obs_log_fields(const struct obs_game *game,
                               int32_t level,
                               const char *message,
                               const struct obs_field *fields,
                               size_t count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OBSERVERIO_H */
