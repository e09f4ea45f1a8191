-- Made from observerio.h: don't edit it.
return [[
typedef enum obs_status {
  OBS_STATUS_OK = 0,
  OBS_STATUS_NULL = -1,
  OBS_STATUS_UTF8 = -2,
  OBS_STATUS_INVALID = -3,
  OBS_STATUS_TYPE = -4,
  OBS_STATUS_STATE = -5,
  OBS_STATUS_TIMEOUT = -6,
  OBS_STATUS_SYSTEM = -7,
  OBS_STATUS_PANIC = -8,
} obs_status;

typedef enum obs_level {
  OBS_LEVEL_TRACE = 0,
  OBS_LEVEL_DEBUG = 1,
  OBS_LEVEL_INFO = 2,
  OBS_LEVEL_WARN = 3,
  OBS_LEVEL_ERROR = 4,
  OBS_LEVEL_FATAL = 5,
} obs_level;

typedef enum obs_kind {
  OBS_KIND_BOOL = 0,
  OBS_KIND_INT = 1,
  OBS_KIND_DOUBLE = 2,
  OBS_KIND_TEXT = 3,
  OBS_KIND_JSON = 4,
} obs_kind;

typedef enum obs_decision {
  OBS_DECISION_TAKE = 0,
  OBS_DECISION_CLAMP = 1,
  OBS_DECISION_REJECT = 2,
} obs_decision;

typedef struct obs_call obs_call;

typedef struct obs_connection obs_connection;

typedef struct obs_game obs_game;

typedef struct obs_var obs_var;

typedef struct obs_settings {
  const char *key;
  const char *device;
  const char *name;
  const char *app;
  const char *platform;
  size_t outbox_bytes;
  uint32_t report_ms;
  const char *values_in;
  const char *outbox_in;
} obs_settings;

typedef struct obs_stats {
  bool is_connected;
  bool is_original;
  uint64_t stored;
  uint64_t dropped[6];
  uint64_t refused;
  uint64_t waiting_bytes;
  int64_t revision;
  uint64_t disk_errors;
} obs_stats;

typedef struct obs_value {
  int32_t kind;
  bool boolean;
  int64_t integer;
  double number;
  const char *text;
} obs_value;

typedef struct obs_verdict {
  struct obs_value value;
  char reason[256];
} obs_verdict;

typedef int32_t (*obs_check)(void *context, const struct obs_value *wanted, struct obs_verdict *verdict);

typedef struct obs_spec {
  const char *label;
  const char *help;
  const char *unit;
  const char *group;
  const char *source;
  bool has_range;
  double min;
  double max;
  int64_t min_int;
  int64_t max_int;
  double step;
  const char *const *options;
  size_t option_count;
  obs_check check;
  void *context;
} obs_spec;

typedef struct obs_field {
  const char *name;
  struct obs_value value;
} obs_field;

uint32_t obs_version(void);

bool obs_is_compatible(uint32_t header_version);

const char *obs_last_error(void);

enum obs_status obs_game_new(const struct obs_settings *settings, struct obs_game **game);

void obs_game_free(struct obs_game *game);

int32_t obs_frame(struct obs_game *game);

enum obs_status obs_get_stats(const struct obs_game *game, struct obs_stats *stats);

int64_t obs_server_error(const struct obs_game *game, char *buffer, size_t size);

int64_t obs_disk_error(const struct obs_game *game, char *buffer, size_t size);

enum obs_status obs_connect(struct obs_game *game, const char *address, struct obs_connection **connection);

enum obs_status obs_connect_tls(struct obs_game *game,
                                const char *address,
                                struct obs_connection **connection);

enum obs_status obs_flush(const struct obs_connection *connection, uint32_t timeout_ms);

enum obs_status obs_close(struct obs_connection *connection, uint32_t timeout_ms);

enum obs_status obs_declare_bool(struct obs_game *game,
                                 const char *name,
                                 bool own,
                                 const struct obs_spec *spec,
                                 struct obs_var **var);

enum obs_status obs_declare_int(struct obs_game *game,
                                const char *name,
                                int64_t own,
                                const struct obs_spec *spec,
                                struct obs_var **var);

enum obs_status obs_declare_double(struct obs_game *game,
                                   const char *name,
                                   double own,
                                   const struct obs_spec *spec,
                                   struct obs_var **var);

enum obs_status obs_declare_text(struct obs_game *game,
                                 const char *name,
                                 const char *own,
                                 const struct obs_spec *spec,
                                 struct obs_var **var);

enum obs_status obs_declare_color(struct obs_game *game,
                                  const char *name,
                                  const char *own,
                                  const struct obs_spec *spec,
                                  struct obs_var **var);

enum obs_status obs_measure_double(struct obs_game *game,
                                   const char *name,
                                   double first,
                                   const struct obs_spec *spec,
                                   struct obs_var **var);

enum obs_status obs_measure_int(struct obs_game *game,
                                const char *name,
                                int64_t first,
                                const struct obs_spec *spec,
                                struct obs_var **var);

bool obs_get_bool(const struct obs_var *var);

int64_t obs_get_int(const struct obs_var *var);

double obs_get_double(const struct obs_var *var);

int64_t obs_get_text(const struct obs_var *var, char *buffer, size_t size);

enum obs_status obs_set_bool(struct obs_var *var, bool value);

enum obs_status obs_set_int(struct obs_var *var, int64_t value);

enum obs_status obs_set_double(struct obs_var *var, double value);

enum obs_status obs_set_text(struct obs_var *var, const char *value);

enum obs_status obs_declare_action(struct obs_game *game, const char *name, const struct obs_spec *spec);

enum obs_status obs_poll_action(struct obs_game *game, struct obs_call **call);

const char *obs_call_name(const struct obs_call *call);

const char *obs_call_args(const struct obs_call *call);

enum obs_status obs_answer(struct obs_call *call, const char *result);

enum obs_status obs_fail(struct obs_call *call, const char *reason);

enum obs_status obs_log(const struct obs_game *game, int32_t level, const char *message);

enum obs_status obs_log_fields(const struct obs_game *game,
                               int32_t level,
                               const char *message,
                               const struct obs_field *fields,
                               size_t count);
]]
