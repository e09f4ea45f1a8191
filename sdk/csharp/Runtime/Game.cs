using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>
    /// A game: its variables, its actions, its log. It can declare, read and log before it is connected, and without a server.
    /// </summary>
    /// <remarks>
    /// The game never waits for the network, except in <see cref="Flush"/> and <see cref="Close"/>, which have a deadline.
    /// <see cref="Frame"/> belongs to one thread at a time; everything else may be used from any thread. Nothing of the
    /// game's is called from another thread: actions and checks run inside <see cref="Frame"/>.
    /// </remarks>
    public sealed unsafe class Game : IDisposable
    {
        private readonly Handle handle;
        private readonly object gate = new object();
        private readonly Dictionary<string, Func<string, string>> runs = new Dictionary<string, Func<string, string>>();
        private readonly Queue<Call> calls = new Queue<Call>();

        /// <summary>Makes a game that is not connected yet.</summary>
        /// <param name="key">The project's game key, 12 characters.</param>
        /// <param name="device">What stays the same for one installation of the game, at most 128 bytes.</param>
        /// <param name="name">What people read in place of the device, such as "Ana's phone".</param>
        /// <param name="app">The game's own version.</param>
        /// <param name="platform">Such as "android 15"; by default, the name of the operating system.</param>
        /// <param name="outboxBytes">How much log may wait to be stored, in bytes; 0: 1 MiB.</param>
        /// <param name="reportMilliseconds">The shortest time between two reports of values; 0: 100.</param>
        /// <param name="valuesIn">A folder that keeps the values people set: a start without a server begins with them.</param>
        /// <param name="outboxIn">A folder that keeps what is not stored yet: what a killed game had logged is sent by its
        /// next start.</param>
        /// <exception cref="ObserverioException">An argument is invalid, or the native library has another version.</exception>
        public Game(string key, string device = null, string name = null, string app = null, string platform = null,
            int outboxBytes = 0, int reportMilliseconds = 0, string valuesIn = null, string outboxIn = null)
        {
            Texts.RequireCompatible();
            using (var texts = new Texts())
            {
                var settings = new obs_settings
                {
                    key = texts.Add(key), device = texts.Add(device), name = texts.Add(name), app = texts.Add(app),
                    platform = texts.Add(platform), outbox_bytes = (UIntPtr)(ulong)Math.Max(0, outboxBytes),
                    report_ms = (uint)Math.Max(0, reportMilliseconds), values_in = texts.Add(valuesIn),
                    outbox_in = texts.Add(outboxIn),
                };
                IntPtr game;
                Texts.Demand(obs_game_new(&settings, &game));
                handle = new Handle(game);
            }
        }

        /// <summary>Connects to "host:port", and reconnects whenever necessary. Once for each game; it returns at once.</summary>
        /// <exception cref="ObserverioException">The address is invalid, or the game was connected before.</exception>
        public void Connect(string address)
        {
            using (var texts = new Texts())
            {
                IntPtr connection;
                Texts.Demand(obs_connect(handle.Game, texts.Add(address), &connection));
                handle.Connection = connection;
            }
        }

        /// <summary>Declares a variable that people switch on and off.</summary>
        /// <param name="name">At most 128 bytes; dots make good names, such as "player.speed".</param>
        /// <param name="own">Its value until people want another one.</param>
        /// <param name="spec">What people are told of it.</param>
        /// <param name="check">Asked inside <see cref="Frame"/>, before a value is taken.</param>
        /// <param name="file">Filled in by the compiler.</param>
        /// <param name="line">Filled in by the compiler.</param>
        /// <exception cref="ObserverioException">The name or the spec is invalid.</exception>
        public Var<bool> Bool(string name, bool own, Spec spec = default(Spec), Func<bool, Verdict<bool>> check = null,
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line).Ask(handle, check))
            {
                obs_spec of = raw.Spec;
                IntPtr var;
                Texts.Demand(obs_declare_bool(handle.Game, raw.Texts.Add(name), own ? (byte)1 : (byte)0, &of, &var));
                return new BoolVar(handle, var);
            }
        }

        /// <summary>Declares an integer: all 64 bits are exact. What is outside of the range is clamped to it, and people are
        /// told. Otherwise as <see cref="Bool"/>.</summary>
        public Var<long> Int(string name, long own, long min = long.MinValue, long max = long.MaxValue, Spec spec = default(Spec),
            Func<long, Verdict<long>> check = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line).Ask(handle, check))
            {
                obs_spec of = raw.Between(min, max);
                IntPtr var;
                Texts.Demand(obs_declare_int(handle.Game, raw.Texts.Add(name), own, &of, &var));
                return new IntVar(handle, var);
            }
        }

        /// <summary>Declares a double, which must be finite. What is outside of the range is clamped to it, and people are
        /// told. Otherwise as <see cref="Bool"/>.</summary>
        public Var<double> Double(string name, double own, double min = double.NegativeInfinity,
            double max = double.PositiveInfinity, Spec spec = default(Spec), Func<double, Verdict<double>> check = null,
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line).Ask(handle, check))
            {
                obs_spec of = raw.Between(min, max);
                IntPtr var;
                Texts.Demand(obs_declare_double(handle.Game, raw.Texts.Add(name), own, &of, &var));
                return new DoubleVar(handle, var);
            }
        }

        /// <summary>Declares a text; with options, a choice of one of them. Otherwise as <see cref="Bool"/>.</summary>
        public Var<string> Text(string name, string own, string[] options = null, Spec spec = default(Spec),
            Func<string, Verdict<string>> check = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line).Ask(handle, check))
            {
                obs_spec of = raw.OneOf(options);
                IntPtr var;
                Texts.Demand(obs_declare_text(handle.Game, raw.Texts.Add(name), raw.Texts.Add(own), &of, &var));
                return new TextVar(handle, var);
            }
        }

        /// <summary>Declares a colour in any CSS notation, such as "#ff8844"; people get a colour picker, and the game a text
        /// in the same notation. Otherwise as <see cref="Bool"/>.</summary>
        public Var<string> Color(string name, string own, Spec spec = default(Spec), Func<string, Verdict<string>> check = null,
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line).Ask(handle, check))
            {
                obs_spec of = raw.Spec;
                IntPtr var;
                Texts.Demand(obs_declare_color(handle.Game, raw.Texts.Add(name), raw.Texts.Add(own), &of, &var));
                return new TextVar(handle, var);
            }
        }

        /// <summary>Declares a double that the game measures, such as frames per second: shown, never edited. Set it as often
        /// as you like; it is sent up to 60 times a second.</summary>
        public Var<double> Measure(string name, double first, Spec spec = default(Spec),
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line))
            {
                obs_spec of = raw.Spec;
                IntPtr var;
                Texts.Demand(obs_measure_double(handle.Game, raw.Texts.Add(name), first, &of, &var));
                return new DoubleVar(handle, var);
            }
        }

        /// <summary>As <see cref="Measure"/>, for an integer.</summary>
        public Var<long> MeasureInt(string name, long first, Spec spec = default(Spec),
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line))
            {
                obs_spec of = raw.Spec;
                IntPtr var;
                Texts.Demand(obs_measure_int(handle.Game, raw.Texts.Add(name), first, &of, &var));
                return new IntVar(handle, var);
            }
        }

        /// <summary>Declares a button.</summary>
        /// <param name="name">As for a variable.</param>
        /// <param name="run">Runs inside <see cref="Frame"/>, with the arguments as JSON, or null without any. It returns the
        /// result as JSON, or null for none; an exception is why it failed. Without it, take calls with <see cref="Take"/>.</param>
        /// <param name="spec">Its label, help and group.</param>
        /// <param name="file">Filled in by the compiler.</param>
        /// <param name="line">Filled in by the compiler.</param>
        /// <exception cref="ObserverioException">The name is invalid.</exception>
        public void Action(string name, Func<string, string> run = null, Spec spec = default(Spec),
            [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        {
            using (var raw = new RawSpec(spec, file, line))
            {
                obs_spec of = raw.Spec;
                Texts.Demand(obs_declare_action(handle.Game, raw.Texts.Add(name), &of));
                lock (gate) runs[name] = run;
            }
        }

        /// <summary>The oldest call that <see cref="Frame"/> has brought of an action without a function, or null.</summary>
        public Call Take()
        {
            lock (gate) return calls.Count > 0 ? calls.Dequeue() : null;
        }

        /// <summary>
        /// A boundary between two frames: applies what people want, all of it together, asks checks, and runs actions. It
        /// never waits, and allocates nothing when there is nothing to do.
        /// </summary>
        /// <returns>How many variables have another value.</returns>
        public int Frame()
        {
            int changed = obs_frame(handle.Game);
            Texts.Demand((obs_status)Math.Min(changed, 0));
            IntPtr call;
            while (obs_poll_action(handle.Game, &call) == obs_status.OBS_STATUS_OK && call != IntPtr.Zero) Run(new Call(call));
            GC.KeepAlive(handle);
            return changed;
        }

        private void Run(Call call)
        {
            Func<string, string> run;
            lock (gate)
            {
                if (!runs.TryGetValue(call.Name, out run) || run == null)
                {
                    calls.Enqueue(call);
                    return;
                }
            }
            try
            {
                call.Answer(run(call.Args));
            }
            catch (Exception fault)
            {
                // whatever an action does, the game goes on
                call.Fail(fault.GetType().Name + ": " + fault.Message);
            }
        }

        /// <summary>Logs, with further fields if there are any: <c>game.Log(Level.Warn, "boss spawned", ("hp", 30))</c>. Fields
        /// are booleans, numbers or texts; anything else is logged as text. What finds no room is dropped and counted, debug
        /// before errors. It never waits.</summary>
        public void Log(Level level, string message, params (string Name, object Value)[] fields)
        {
            using (var texts = new Texts())
            {
                var raw = (obs_field*)texts.Room(fields.Length * sizeof(obs_field));
                for (int at = 0; at < fields.Length; at++)
                {
                    raw[at].name = texts.Add(fields[at].Name ?? "");
                    raw[at].value = texts.Put(fields[at].Value);
                }
                Texts.Demand(obs_log_fields(handle.Game, (int)level, texts.Add(message ?? ""), raw, (UIntPtr)(uint)fields.Length));
                GC.KeepAlive(handle);
            }
        }

        /// <summary>How it goes.</summary>
        public Stats Stats()
        {
            obs_stats raw;
            Texts.Demand(obs_get_stats(handle.Game, &raw));
            GC.KeepAlive(handle);
            return new Stats(raw);
        }

        /// <summary>What the server last refused, as "code sentence"; empty if nothing.</summary>
        public string ServerError()
        {
            var buffer = new byte[1024];
            while (true)
            {
                long length;
                fixed (byte* at = buffer) length = obs_server_error(handle.Game, at, (UIntPtr)(uint)buffer.Length);
                Texts.Demand((obs_status)Math.Min(length, 0));
                if (length < buffer.Length) return Texts.Utf8.GetString(buffer, 0, (int)length);
                buffer = new byte[length + 1];
            }
        }

        /// <summary>Waits until everything that was logged is stored. For the end of a level, not for every frame.</summary>
        /// <returns>Whether it is, within this time. Without a connection, never.</returns>
        public bool Flush(TimeSpan within)
        {
            if (handle.Connection == IntPtr.Zero) return false;
            obs_status status = obs_flush(handle.Connection, Handle.Milliseconds(within));
            if (status != obs_status.OBS_STATUS_TIMEOUT) Texts.Demand(status);
            GC.KeepAlive(handle);
            return status == obs_status.OBS_STATUS_OK;
        }

        /// <summary>Disconnects; what was logged has this time to be stored. The variables keep their values.</summary>
        public void Close(TimeSpan within)
        {
            handle.Disconnect(within);
        }

        /// <summary>As <see cref="Close"/>, within two seconds.</summary>
        public void Dispose()
        {
            Close(TimeSpan.FromSeconds(2));
        }
    }
}
