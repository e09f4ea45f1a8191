// A boss whose speed people tune while it walks: ./boss YOUR_KEY [HOST:PORT]
#include <observerio.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv) {
    obs_settings settings = {.key = argc > 1 ? argv[1] : "YOUR_KEY", .device = "my-laptop", .app = "1.0"};
    obs_game *game;
    if (!OBS_IS_COMPATIBLE() || obs_game_new(&settings, &game) != OBS_STATUS_OK) {
        fprintf(stderr, "boss: %s\n", obs_last_error());
        return 1;
    }

    obs_var *speed, *playing;
    obs_spec how_fast = {.has_range = true, .min = 0, .max = 20, .unit = "m/s", .source = OBS_SOURCE};
    obs_declare_double(game, "boss.speed", 2.5, &how_fast, &speed);
    obs_declare_bool(game, "game.playing", true, NULL, &playing);

    obs_connection *connection;
    obs_connect(game, argc > 2 ? argv[2] : "127.0.0.1:6667", &connection);

    double x = 0;
    struct timespec frame = {.tv_nsec = 16 * 1000 * 1000};
    while (obs_get_bool(playing)) {
        if (obs_frame(game) > 0) obs_log(game, OBS_LEVEL_INFO, "somebody tuned the boss");
        x += obs_get_double(speed) * 0.016;
        nanosleep(&frame, NULL);
    }
    printf("the boss walked %.1f m\n", x);

    obs_close(connection, 2000);
    obs_game_free(game);
    return 0;
}
