// A boss whose speed people tune while it walks: ./boss YOUR_KEY [HOST:PORT]
#include <observerio.hpp>

#include <cstdio>
#include <exception>
#include <thread>

int main(int argc, char **argv) try {
    observerio::Settings who;
    who.key = argc > 1 ? argv[1] : "YOUR_KEY";
    who.device = "my-laptop";
    who.app = "1.0";

    observerio::Game game(who);
    auto how_fast = observerio::Spec<double>().range(0, 20).unit("m/s").source(OBS_SOURCE);
    auto speed = game.var("boss.speed", 2.5, how_fast);
    auto playing = game.var("game.playing", true);
    auto connection = game.connect(argc > 2 ? argv[2] : "127.0.0.1:6667");

    double x = 0;
    while (playing) {
        if (game.frame() > 0) game.log(observerio::Level::info, "somebody tuned the boss");
        x += speed * 0.016;
        std::this_thread::sleep_for(observerio::Milliseconds(16));
    }
    std::printf("the boss walked %.1f m\n", x);
} catch (const std::exception &error) {
    std::fprintf(stderr, "boss: %s\n", error.what());
    return 1;
}
