// The game's side of observerio for C++17: observerio.h with owners, types and exceptions. Header only; link libobserverio.
//
//     observerio::Game game({"0123456789ab"});
//     auto speed = game.var("boss.speed", 2.5, observerio::Spec<double>().range(0, 20).unit("m/s"));
//     auto connection = game.connect("127.0.0.1:6667");
//     while (playing) { game.frame(); x += speed.get() * dt; }
//
// Threads and texts are as observerio.h says. What can't be is thrown as an observerio::Error; frame(), get() and log() throw
// nothing.
#ifndef OBSERVERIO_HPP
#define OBSERVERIO_HPP

#include "observerio.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace observerio {

using Milliseconds = std::chrono::milliseconds;

// A call that did nothing, and why.
class Error : public std::runtime_error {
public:
    explicit Error(obs_status status) : std::runtime_error(obs_last_error()), status_(status) {}
    obs_status status() const noexcept { return status_; }

private:
    obs_status status_;
};

// Who the game is. Only the key is needed; what is empty or 0 has the default of obs_settings.
struct Settings {
    std::string key, device, name, app, platform;
    std::size_t outbox_bytes = 0;
    Milliseconds report_every{0};
    // Folders that keep the values people set, and what is not stored yet.
    std::string values_in{}, outbox_in{};
};

enum class Level : std::int32_t {
    trace = OBS_LEVEL_TRACE,
    debug = OBS_LEVEL_DEBUG,
    info = OBS_LEVEL_INFO,
    warn = OBS_LEVEL_WARN,
    error = OBS_LEVEL_ERROR,
    fatal = OBS_LEVEL_FATAL,
};

namespace detail {

inline void demand(obs_status status) {
    if (status != OBS_STATUS_OK) throw Error(status);
}

inline const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

inline std::uint32_t count(Milliseconds time) {
    return time.count() <= 0 ? 0 : time.count() > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(time.count());
}

// The length is asked for first; a text that has grown by then is asked for again.
template <class Ask>
std::string text(Ask ask) {
    std::string text;
    std::int64_t length = ask(nullptr, std::size_t{0});
    while (length > static_cast<std::int64_t>(text.size())) {
        text.resize(static_cast<std::size_t>(length));
        length = ask(text.data(), text.size() + 1);
    }
    text.resize(static_cast<std::size_t>(length > 0 ? length : 0));
    return text;
}

inline obs_value value(bool boolean) {
    obs_value value{};
    value.kind = OBS_KIND_BOOL;
    value.boolean = boolean;
    return value;
}

inline obs_value value(std::int64_t integer) {
    obs_value value{};
    value.kind = OBS_KIND_INT;
    value.integer = integer;
    return value;
}

inline obs_value value(double number) {
    obs_value value{};
    value.kind = OBS_KIND_DOUBLE;
    value.number = number;
    return value;
}

// The text must stay.
inline obs_value value(const std::string &text) {
    obs_value value{};
    value.kind = OBS_KIND_TEXT;
    value.text = text.c_str();
    return value;
}

// What a type is in C.
template <class T>
struct As;

template <>
struct As<bool> {
    static constexpr auto declare = obs_declare_bool;
    static constexpr auto set = obs_set_bool;
    static bool get(const obs_var *var) noexcept { return obs_get_bool(var); }
    static bool of(const obs_value &value) { return value.boolean; }
};

template <>
struct As<std::int64_t> {
    static constexpr auto declare = obs_declare_int;
    static constexpr auto measure = obs_measure_int;
    static constexpr auto set = obs_set_int;
    static std::int64_t get(const obs_var *var) noexcept { return obs_get_int(var); }
    static std::int64_t of(const obs_value &value) { return value.integer; }
};

template <>
struct As<double> {
    static constexpr auto declare = obs_declare_double;
    static constexpr auto measure = obs_measure_double;
    static constexpr auto set = obs_set_double;
    static double get(const obs_var *var) noexcept { return obs_get_double(var); }
    // 5.0 may arrive as 5
    static double of(const obs_value &value) {
        return value.kind == OBS_KIND_INT ? static_cast<double>(value.integer) : value.number;
    }
};

template <>
struct As<std::string> {
    static std::string get(const obs_var *var) {
        return text([var](char *buffer, std::size_t size) { return obs_get_text(var, buffer, size); });
    }
    static obs_status set(obs_var *var, const std::string &value) { return obs_set_text(var, value.c_str()); }
    static std::string of(const obs_value &value) { return value.text ? value.text : ""; }
};

// int and float are kept as their widest.
template <class T>
using Kept = std::conditional_t<std::is_same_v<T, bool>, bool,
    std::conditional_t<std::is_integral_v<T>, std::int64_t,
        std::conditional_t<std::is_floating_point_v<T>, double, std::string>>>;

} // namespace detail

// What the game says to a value that people want.
template <class T>
struct Verdict {
    obs_decision decision;
    T value;
    std::string reason;

    static Verdict take() { return {OBS_DECISION_TAKE, T(), ""}; }
    // Takes another value in its place.
    static Verdict clamp(T value, std::string reason = "") {
        return {OBS_DECISION_CLAMP, std::move(value), std::move(reason)};
    }
    static Verdict reject(std::string reason) { return {OBS_DECISION_REJECT, T(), std::move(reason)}; }
};

// What people are told of a variable.
template <class T>
class Spec {
public:
    using Check = std::function<Verdict<T>(const T &)>;

    Spec &label(std::string text) { return label_ = std::move(text), *this; }
    Spec &help(std::string text) { return help_ = std::move(text), *this; }
    Spec &unit(std::string text) { return unit_ = std::move(text), *this; }
    // A path of headings, such as "enemy/boss".
    Spec &group(std::string text) { return group_ = std::move(text), *this; }
    // Where it is declared: OBS_SOURCE.
    Spec &source(std::string text) { return source_ = std::move(text), *this; }
    // What is outside is clamped to it, and people are told.
    Spec &range(T min, T max) { return range_ = std::pair(min, max), *this; }
    Spec &step(double step) { return step_ = step, *this; }
    // A text is one of these.
    Spec &options(std::vector<std::string> options) { return options_ = std::move(options), *this; }
    // Asked inside frame(), in its thread, before a value is taken. What it throws rejects the value.
    Spec &check(Check check) { return check_ = std::move(check), *this; }

private:
    friend class Game;

    std::string label_, help_, unit_, group_, source_;
    std::optional<std::pair<T, T>> range_;
    double step_ = 0;
    std::vector<std::string> options_;
    Check check_;
};

// A variable, or a measurement: valid for as long as its game. Copies are the same variable.
template <class T>
class Var {
public:
    // The value in force; but for texts, an atomic load.
    T get() const { return detail::As<T>::get(var_); }
    operator T() const { return get(); }

    // The game's own value from now on, in force until people want another one.
    void set(const T &value) { detail::demand(detail::As<T>::set(var_, value)); }
    Var &operator=(const T &value) { return set(value), *this; }

private:
    friend class Game;
    explicit Var(obs_var *var) : var_(var) {}

    obs_var *var_;
};

// A further field of a log entry.
class Field {
public:
    Field(std::string name, bool value) : name_(std::move(name)), value_(detail::value(value)) {}
    template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
    Field(std::string name, T value) : name_(std::move(name)), value_(detail::value(static_cast<std::int64_t>(value))) {}
    Field(std::string name, double value) : name_(std::move(name)), value_(detail::value(value)) {}
    Field(std::string name, const char *value) : Field(std::move(name), std::string(value)) {}
    Field(std::string name, std::string value) : name_(std::move(name)), text_(std::move(value)) {
        value_.kind = OBS_KIND_TEXT;
    }

    // What C reads, for as long as this is.
    obs_field in_c() const {
        obs_field field{name_.c_str(), value_};
        if (text_) field.value.text = text_->c_str();
        return field;
    }

private:
    std::string name_;
    std::optional<std::string> text_;
    obs_value value_{};
};

// Somebody pressed a button. Answer it once; a call that goes unanswered fails.
class Call {
public:
    std::string name() const { return obs_call_name(call_.get()); }
    // JSON, or nothing.
    std::optional<std::string> args() const {
        const char *args = obs_call_args(call_.get());
        return args ? std::optional<std::string>(args) : std::nullopt;
    }
    void answer() { finish(obs_answer(call_.get(), nullptr)); }
    // `json` is the result.
    void answer(const std::string &json) { finish(obs_answer(call_.get(), json.c_str())); }
    void fail(const std::string &reason) { finish(obs_fail(call_.get(), reason.c_str())); }

private:
    friend class Game;
    struct Drop {
        void operator()(obs_call *call) const noexcept { obs_fail(call, "the game did not answer"); }
    };

    explicit Call(obs_call *call) : call_(call) {}
    void finish(obs_status status) {
        detail::demand(status);
        call_.release(); // the library has freed it
    }

    std::unique_ptr<obs_call, Drop> call_;
};

// A connection, in a thread of its own, which ends with this: what was logged has two seconds to be stored.
class Connection {
public:
    // Whether everything that was logged is stored within this time.
    bool flush(Milliseconds within) {
        obs_status status = obs_flush(connection_.get(), detail::count(within));
        if (status != OBS_STATUS_TIMEOUT) detail::demand(status);
        return status == OBS_STATUS_OK;
    }
    // Ends it now; what was logged has this time to be stored.
    void close(Milliseconds within) { detail::demand(obs_close(connection_.release(), detail::count(within))); }

private:
    friend class Game;
    struct Close {
        void operator()(obs_connection *connection) const noexcept { obs_close(connection, 2000); }
    };

    explicit Connection(obs_connection *connection) : connection_(connection) {}

    std::unique_ptr<obs_connection, Close> connection_;
};

// A game: its variables, its actions, its log.
class Game {
public:
    explicit Game(const Settings &who) {
        if (!OBS_IS_COMPATIBLE()) throw std::runtime_error("libobserverio has another version than observerio.hpp");
        obs_settings settings{};
        settings.key = who.key.c_str();
        settings.device = detail::or_null(who.device);
        settings.name = detail::or_null(who.name);
        settings.app = detail::or_null(who.app);
        settings.platform = detail::or_null(who.platform);
        settings.outbox_bytes = who.outbox_bytes;
        settings.report_ms = detail::count(who.report_every);
        settings.values_in = detail::or_null(who.values_in);
        settings.outbox_in = detail::or_null(who.outbox_in);
        obs_game *game = nullptr;
        detail::demand(obs_game_new(&settings, &game));
        game_.reset(game);
    }

    // A variable that people tune: a bool, a whole number, a floating one, or a text.
    template <class T, class Kept = detail::Kept<T>>
    Var<Kept> var(const std::string &name, const T &own, const Spec<Kept> &spec = {}) {
        if constexpr (std::is_same_v<Kept, std::string>) {
            return text(obs_declare_text, name, own, spec);
        } else {
            return number(detail::As<Kept>::declare, name, static_cast<Kept>(own), spec);
        }
    }

    // A colour in one of the ways of CSS, such as "#ff8844".
    Var<std::string> color(const std::string &name, const std::string &own, const Spec<std::string> &spec = {}) {
        return text(obs_declare_color, name, own, spec);
    }

    // Something that the game measures: shown, never edited.
    template <class T, class Kept = detail::Kept<T>>
    Var<Kept> measure(const std::string &name, T first, const Spec<Kept> &spec = {}) {
        return number(detail::As<Kept>::measure, name, static_cast<Kept>(first), spec);
    }

    // A button; take() gives its calls.
    void action(const std::string &name, const Spec<std::string> &spec = {}) {
        obs_spec in_c = read(spec);
        detail::demand(obs_declare_action(game_.get(), name.c_str(), &in_c));
    }

    // The oldest call that frame() has brought, if any.
    std::optional<Call> take() {
        obs_call *call = nullptr;
        detail::demand(obs_poll_action(game_.get(), &call));
        if (!call) return std::nullopt;
        return Call(call);
    }

    // Connects, and connects again whenever it must. Once for each game.
    Connection connect(const std::string &address) {
        obs_connection *connection = nullptr;
        detail::demand(obs_connect(game_.get(), address.c_str(), &connection));
        return Connection(connection);
    }

    // A boundary between two frames: how many variables have another value.
    int frame() noexcept { return obs_frame(game_.get()); }

    // Logs; false when a text is not UTF-8.
    bool log(Level level, const std::string &message, std::initializer_list<Field> fields = {}) noexcept {
        std::vector<obs_field> in_c;
        for (const Field &field : fields) in_c.push_back(field.in_c());
        auto number = static_cast<std::int32_t>(level);
        return obs_log_fields(game_.get(), number, message.c_str(), in_c.data(), in_c.size()) == OBS_STATUS_OK;
    }

    obs_stats stats() const {
        obs_stats stats;
        detail::demand(obs_get_stats(game_.get(), &stats));
        return stats;
    }

    // What the server last refused; empty if nothing.
    std::string server_error() const {
        return detail::text([this](char *buffer, std::size_t size) { return obs_server_error(game_.get(), buffer, size); });
    }

    // The last file that could not be read or written, and why; empty if there was none.
    std::string disk_error() const {
        return detail::text([this](char *buffer, std::size_t size) { return obs_disk_error(game_.get(), buffer, size); });
    }

private:
    struct Free {
        void operator()(obs_game *game) const noexcept { obs_game_free(game); }
    };

    // A check with the text that its last verdict may point to.
    template <class T>
    struct Checker {
        typename Spec<T>::Check check;
        T clamped{};

        static std::int32_t ask(void *context, const obs_value *wanted, obs_verdict *verdict) noexcept {
            auto *self = static_cast<Checker *>(context);
            try {
                Verdict<T> said = self->check(detail::As<T>::of(*wanted));
                std::snprintf(verdict->reason, sizeof verdict->reason, "%s", said.reason.c_str());
                if (said.decision == OBS_DECISION_CLAMP) {
                    self->clamped = std::move(said.value);
                    verdict->value = detail::value(self->clamped);
                }
                return said.decision;
            } catch (const std::exception &thrown) {
                std::snprintf(verdict->reason, sizeof verdict->reason, "%s", thrown.what());
            } catch (...) {
                std::snprintf(verdict->reason, sizeof verdict->reason, "the game's check failed");
            }
            return OBS_DECISION_REJECT;
        }
    };

    template <class T>
    obs_spec read(const Spec<T> &spec) {
        obs_spec in_c{};
        in_c.label = detail::or_null(spec.label_);
        in_c.help = detail::or_null(spec.help_);
        in_c.unit = detail::or_null(spec.unit_);
        in_c.group = detail::or_null(spec.group_);
        in_c.source = detail::or_null(spec.source_);
        in_c.step = spec.step_;
        if constexpr (std::is_same_v<T, double>) {
            if (spec.range_) in_c.has_range = true, std::tie(in_c.min, in_c.max) = *spec.range_;
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
            if (spec.range_) in_c.has_range = true, std::tie(in_c.min_int, in_c.max_int) = *spec.range_;
        }
        if (spec.check_) {
            auto checker = std::make_shared<Checker<T>>(Checker<T>{spec.check_});
            in_c.check = Checker<T>::ask;
            in_c.context = checker.get();
            checkers_.push_back(std::move(checker));
        }
        return in_c;
    }

    template <class Declare, class T>
    Var<T> number(Declare declare, const std::string &name, T own, const Spec<T> &spec) {
        obs_spec in_c = read(spec);
        obs_var *var = nullptr;
        detail::demand(declare(game_.get(), name.c_str(), own, &in_c, &var));
        return Var<T>(var);
    }

    template <class Declare>
    Var<std::string> text(Declare declare, const std::string &name, const std::string &own, const Spec<std::string> &spec) {
        std::vector<const char *> options;
        for (const std::string &option : spec.options_) options.push_back(option.c_str());
        obs_spec in_c = read(spec);
        in_c.options = options.data();
        in_c.option_count = options.size();
        obs_var *var = nullptr;
        detail::demand(declare(game_.get(), name.c_str(), own.c_str(), &in_c, &var));
        return Var<std::string>(var);
    }

    // Before the game, so that they outlive it.
    std::vector<std::shared_ptr<void>> checkers_;
    std::unique_ptr<obs_game, Free> game_;
};

} // namespace observerio

#endif // OBSERVERIO_HPP
