// Plays the game in the stories of sdk/stories, by observerio.hpp: one command a line, one answer a line.
#include <observerio.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace {

using namespace observerio;
using Words = std::vector<std::string>;
using Any = std::variant<Var<bool>, Var<std::int64_t>, Var<double>, Var<std::string>>;

std::optional<Game> game;
std::optional<Connection> connection;
std::optional<Call> call;
std::map<std::string, Any> vars;

Verdict<std::int64_t> only_even(const std::int64_t &wanted) {
    if (wanted < 0) return Verdict<std::int64_t>::reject("in a cutscene");
    if (wanted % 2 != 0) return Verdict<std::int64_t>::clamp(wanted - 1, "even numbers only");
    return Verdict<std::int64_t>::take();
}

std::string text(bool value) { return value ? "true" : "false"; }
std::string text(std::int64_t value) { return std::to_string(value); }
std::string text(const std::string &value) { return value; }
std::string text(double value) {
    std::ostringstream out;
    out.precision(15);
    out << value;
    return out.str();
}

void read(const std::string &word, bool &value) { value = word == "true"; }
void read(const std::string &word, std::int64_t &value) { value = std::stoll(word); }
void read(const std::string &word, double &value) { value = std::stod(word); }
void read(const std::string &word, std::string &value) { value = word; }

std::string set(const Words &words) {
    std::visit(
        [&](auto &var) {
            auto value = var.get();
            read(words[2], value);
            var = value;
        },
        vars.at(words[1]));
    return "ok";
}

std::string log(const Words &words) {
    static const std::map<std::string, Level> levels = {{"trace", Level::trace}, {"debug", Level::debug},
        {"info", Level::info}, {"warn", Level::warn}, {"error", Level::error}, {"fatal", Level::fatal}};
    bool done = game->log(levels.at(words[1]), words[2], {{"hp", std::stoll(words[3])}, {"room", words[4]}});
    return done ? "ok" : "error";
}

std::string stats() {
    obs_stats stats = game->stats();
    auto dropped = std::accumulate(std::begin(stats.dropped), std::end(stats.dropped), std::uint64_t{0});
    return std::to_string(stats.is_connected) + " " + std::to_string(stats.is_original) + " " +
           std::to_string(stats.stored) + " " + std::to_string(dropped);
}

std::string poll() {
    call = game->take();
    return call ? call->name() + " " + call->args().value_or("-") : "none";
}

std::string frame() {
    std::this_thread::sleep_for(Milliseconds(1));
    return game->frame() < 0 ? "error" : "ok";
}

std::string close(const Words &words) {
    connection->close(Milliseconds(std::stol(words[1])));
    call.reset();
    game.reset();
    return "ok";
}

std::string start(const Words &words) {
    Settings who{words[1], words[2], "Puppet", "1.0", ""};
    if (words.size() > 3) who.values_in = who.outbox_in = words[3];
    game.emplace(who);
    return "ok";
}

std::string declare(const Words &words) {
    const std::string &kind = words[0], &name = words[1];
    auto keep = [&](auto var) { vars.insert_or_assign(name, Any(var)); };
    if (kind == "bool") {
        keep(game->var(name, words[2] == "true"));
    } else if (kind == "int") {
        Spec<std::int64_t> spec;
        keep(game->var(name, std::stoll(words[2]), spec.range(std::stoll(words[3]), std::stoll(words[4]))));
    } else if (kind == "even") {
        keep(game->var(name, std::stoll(words[2]), Spec<std::int64_t>().check(only_even)));
    } else if (kind == "double") {
        auto spec = Spec<double>().range(std::stod(words[3]), std::stod(words[4])).unit(words[5]);
        keep(game->var(name, std::stod(words[2]), spec.group("enemy/boss").help("How fast").source(OBS_SOURCE)));
    } else if (kind == "measure") {
        keep(game->measure(name, std::stod(words[2])));
    } else if (kind == "choice") {
        keep(game->var(name, words[2], Spec<std::string>().options(Words(words.begin() + 3, words.end()))));
    } else if (kind == "color") {
        keep(game->color(name, words[2]));
    } else if (kind == "text") {
        keep(game->var(name, words[2]));
    } else {
        return "error unknown command";
    }
    return "ok";
}

std::string obey(const Words &words) {
    const std::string &verb = words[0];
    if (verb == "new") return start(words);
    if (verb == "connect") return connection.emplace(game->connect(words[1])), "ok";
    if (verb == "action") return game->action(words[1]), "ok";
    if (verb == "get") return std::visit([](const auto &var) { return text(var.get()); }, vars.at(words[1]));
    if (verb == "set") return set(words);
    if (verb == "frame") return frame();
    if (verb == "log") return log(words);
    if (verb == "poll") return poll();
    if (verb == "answer") return call->answer(words[1]), "ok";
    if (verb == "fail") return call->fail(words[1]), "ok";
    if (verb == "stats") return stats();
    if (verb == "flush") return connection->flush(Milliseconds(std::stol(words[1]))) ? "ok" : "timeout";
    if (verb == "close") return close(words);
    return declare(words);
}

} // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        Words words;
        std::istringstream rest(line);
        for (std::string word; std::getline(rest, word, '\t');) words.push_back(word);
        try {
            std::cout << obey(words) << std::endl;
        } catch (const std::exception &error) {
            std::cout << "error " << error.what() << std::endl;
        }
    }
}
