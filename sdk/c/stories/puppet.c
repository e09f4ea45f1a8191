// Plays the game in the stories of sdk/stories, by the C interface: one command a line, one answer a line.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

#include "observerio.h"

enum { MAX_VARS = 16, MAX_WORDS = 16, MAX_TEXT = 4096 };

typedef enum { BOOL, INT, DOUBLE, TEXT } type;

typedef struct {
    char name[256];
    type type;
    obs_var *var;
} entry;

static entry vars[MAX_VARS];
static int var_count;
static obs_game *game;
static obs_connection *connection;
static obs_call *call;

static entry *find(const char *name) {
    for (int i = 0; i < var_count; i++)
        if (strcmp(vars[i].name, name) == 0) return &vars[i];
    fprintf(stderr, "no variable %s\n", name);
    exit(2);
}

static void answer(obs_status status) {
    if (status == OBS_STATUS_OK)
        puts("ok");
    else if (status == OBS_STATUS_TIMEOUT)
        puts("timeout");
    else
        printf("error %s\n", obs_last_error());
}

static void keep(const char *name, type type, obs_status status, obs_var *var) {
    if (status == OBS_STATUS_OK && var_count < MAX_VARS) {
        entry *entry = &vars[var_count++];
        snprintf(entry->name, sizeof entry->name, "%s", name);
        entry->type = type;
        entry->var = var;
    }
    answer(status);
}

static int32_t only_even(void *context, const obs_value *wanted, obs_verdict *verdict) {
    (void)context;
    if (wanted->integer < 0) {
        snprintf(verdict->reason, sizeof verdict->reason, "in a cutscene");
        return OBS_DECISION_REJECT;
    }
    if (wanted->integer % 2 == 0) return OBS_DECISION_TAKE;
    verdict->value = *wanted;
    verdict->value.integer = wanted->integer - 1;
    snprintf(verdict->reason, sizeof verdict->reason, "even numbers only");
    return OBS_DECISION_CLAMP;
}

static void declare(char **word, int count) {
    const char *kind = word[0], *name = word[1], *own = count > 2 ? word[2] : "";
    obs_var *var = NULL;
    obs_status status;
    if (strcmp(kind, "bool") == 0) {
        status = obs_declare_bool(game, name, strcmp(own, "true") == 0, NULL, &var);
        keep(name, BOOL, status, var);
    } else if (strcmp(kind, "int") == 0) {
        obs_spec spec = {
            .has_range = true, .min_int = strtoll(word[3], NULL, 10), .max_int = strtoll(word[4], NULL, 10)};
        status = obs_declare_int(game, name, strtoll(own, NULL, 10), &spec, &var);
        keep(name, INT, status, var);
    } else if (strcmp(kind, "even") == 0) {
        obs_spec spec = {.check = only_even};
        status = obs_declare_int(game, name, strtoll(own, NULL, 10), &spec, &var);
        keep(name, INT, status, var);
    } else if (strcmp(kind, "double") == 0) {
        obs_spec spec = {.has_range = true, .min = atof(word[3]), .max = atof(word[4]), .unit = word[5],
            .group = "enemy/boss", .help = "How fast", .source = OBS_SOURCE};
        status = obs_declare_double(game, name, atof(own), &spec, &var);
        keep(name, DOUBLE, status, var);
    } else if (strcmp(kind, "measure") == 0) {
        status = obs_measure_double(game, name, atof(own), NULL, &var);
        keep(name, DOUBLE, status, var);
    } else if (strcmp(kind, "choice") == 0) {
        obs_spec spec = {.options = (const char *const *)&word[3], .option_count = (size_t)(count - 3)};
        status = obs_declare_text(game, name, own, &spec, &var);
        keep(name, TEXT, status, var);
    } else if (strcmp(kind, "color") == 0) {
        status = obs_declare_color(game, name, own, NULL, &var);
        keep(name, TEXT, status, var);
    } else {
        status = obs_declare_text(game, name, own, NULL, &var);
        keep(name, TEXT, status, var);
    }
}

static void get(const entry *entry) {
    char text[MAX_TEXT];
    switch (entry->type) {
    case BOOL: puts(obs_get_bool(entry->var) ? "true" : "false"); break;
    case INT: printf("%" PRId64 "\n", obs_get_int(entry->var)); break;
    case DOUBLE: printf("%.15g\n", obs_get_double(entry->var)); break;
    case TEXT: puts(obs_get_text(entry->var, text, sizeof text) >= 0 ? text : obs_last_error()); break;
    }
}

static obs_status set(const entry *entry, const char *value) {
    switch (entry->type) {
    case BOOL: return obs_set_bool(entry->var, strcmp(value, "true") == 0);
    case INT: return obs_set_int(entry->var, strtoll(value, NULL, 10));
    case DOUBLE: return obs_set_double(entry->var, atof(value));
    case TEXT: return obs_set_text(entry->var, value);
    }
    return OBS_STATUS_TYPE;
}

static int32_t level_of(const char *word) {
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    for (int32_t level = 0; level < 6; level++)
        if (strcmp(levels[level], word) == 0) return level;
    return -1;
}

static void rest_a_millisecond(void) {
#ifdef _WIN32
    Sleep(1);
#else
    struct timespec millisecond = {.tv_nsec = 1000 * 1000};
    nanosleep(&millisecond, NULL);
#endif
}

static void frame(void) {
    int32_t changed = obs_frame(game);
    rest_a_millisecond();
    answer(changed < 0 ? (obs_status)changed : OBS_STATUS_OK);
}

static void poll_action(void) {
    obs_status status = call ? OBS_STATUS_STATE : obs_poll_action(game, &call);
    const char *args = call ? obs_call_args(call) : NULL;
    if (status != OBS_STATUS_OK)
        answer(status);
    else if (!call)
        puts("none");
    else
        printf("%s %s\n", obs_call_name(call), args ? args : "-");
}

static void answered(obs_status status) {
    if (status == OBS_STATUS_OK) call = NULL;
    answer(status);
}

static void stats(void) {
    obs_stats stats;
    uint64_t dropped = 0;
    if (obs_get_stats(game, &stats) != OBS_STATUS_OK) {
        answer(OBS_STATUS_NULL);
        return;
    }
    for (int level = 0; level < 6; level++) dropped += stats.dropped[level];
    printf("%d %d %" PRIu64 " %" PRIu64 "\n", stats.is_connected, stats.is_original, stats.stored, dropped);
}

static void log_entry(char **word) {
    obs_field fields[] = {
        {"hp", {.kind = OBS_KIND_INT, .integer = strtoll(word[3], NULL, 10)}},
        {"room", {.kind = OBS_KIND_TEXT, .text = word[4]}},
    };
    answer(obs_log_fields(game, level_of(word[1]), word[2], fields, 2));
}

static void obey(char **word, int count) {
    const char *verb = word[0];
    if (strcmp(verb, "new") == 0) {
        obs_settings settings = {.key = word[1], .device = word[2], .name = "Puppet", .app = "1.0",
            .values_in = word[3], .outbox_in = word[3]};
        answer(obs_game_new(&settings, &game));
    } else if (strcmp(verb, "connect") == 0) {
        answer(obs_connect(game, word[1], &connection));
    } else if (strcmp(verb, "action") == 0) {
        answer(obs_declare_action(game, word[1], NULL));
    } else if (strcmp(verb, "get") == 0) {
        get(find(word[1]));
    } else if (strcmp(verb, "set") == 0) {
        answer(set(find(word[1]), word[2]));
    } else if (strcmp(verb, "frame") == 0) {
        frame();
    } else if (strcmp(verb, "log") == 0) {
        log_entry(word);
    } else if (strcmp(verb, "poll") == 0) {
        poll_action();
    } else if (strcmp(verb, "answer") == 0) {
        answered(obs_answer(call, word[1]));
    } else if (strcmp(verb, "fail") == 0) {
        answered(obs_fail(call, word[1]));
    } else if (strcmp(verb, "stats") == 0) {
        stats();
    } else if (strcmp(verb, "flush") == 0) {
        answer(obs_flush(connection, (uint32_t)strtoul(word[1], NULL, 10)));
    } else if (strcmp(verb, "close") == 0) {
        obs_status status = obs_close(connection, (uint32_t)strtoul(word[1], NULL, 10));
        obs_game_free(game);
        answer(status);
    } else {
        declare(word, count);
    }
}

int main(void) {
    static char line[MAX_TEXT];
    if (!OBS_IS_COMPATIBLE()) {
        fprintf(stderr, "the library has version %" PRIx32 "\n", obs_version());
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        char *word[MAX_WORDS] = {0};
        int count = 0;
        line[strcspn(line, "\n")] = 0;
        for (char *at = strtok(line, "\t"); at && count < MAX_WORDS; at = strtok(NULL, "\t")) word[count++] = at;
        obey(word, count);
        fflush(stdout);
    }
    return 0;
}
