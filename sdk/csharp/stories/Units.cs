// What no story tells: what is refused and how, and that frames make no garbage. Faults end the program with 1, and the reason.
using System;
using Observerio;

internal static class Units
{
    private const string Key = "0123456789ab";
    private const int Frames = 500 * 1000;
    private static int faults;

    private static int Main()
    {
        Refusals();
        Values();
        Garbage();
        return faults;
    }

    private static void Expect(string what, bool isSo)
    {
        if (isSo) return;
        Console.Error.WriteLine(what);
        faults = 1;
    }

    private static void Refused(string what, Status status, string part, Action act)
    {
        try
        {
            act();
            Expect(what + " was not refused", false);
        }
        catch (ObserverioException fault)
        {
            bool isSo = fault.Status == status && fault.Message.Contains(part) && !fault.Message.Contains("secret");
            Expect(what + ": " + fault.Status + ", " + fault.Message, isSo);
        }
    }

    private static void Refusals()
    {
        Refused("a short key", Status.Invalid, "12 printable characters", () => new Game("secret"));
        Refused("no key", Status.Null, "key", () => new Game(null));
        using (var game = new Game(Key))
        {
            Refused("an address without a port", Status.Invalid, "host:port", () => game.Connect("localhost"));
            Refused("an empty name", Status.Invalid, "name", () => game.Int("", 1));
            Refused("a number that is none", Status.Invalid, "finite", () => game.Double("nan", double.NaN));
            var speed = game.Double("speed", 2.5);
            Refused("a value that is none", Status.Invalid, "finite", () => speed.Value = double.PositiveInfinity);
            game.Connect("127.0.0.1:1");
            Refused("a second connection", Status.State, "before", () => game.Connect("127.0.0.1:1"));
        }
    }

    private static void Values()
    {
        Var<string> title;
        Var<long> lives;
        using (var game = new Game(Key, name: "Zoë", outboxBytes: 4096, reportMilliseconds: 20))
        {
            title = game.Text("title", new string('é', 300));
            lives = game.Int("lives", long.MinValue);
            Expect("a long text is whole", title.Value == new string('é', 300));
            title.Value = "one\0two \ud83e";
            Expect("what is no text is replaced", title.Value == "one\ufffdtwo \ufffd");
            Expect("all bits are there", lives.Value == long.MinValue && lives.ToString() == "-9223372036854775808");
            Expect("a name has one variable", game.Int("lives", 7).Value == long.MinValue);
            Expect("a variable is its value", lives == long.MinValue && game.Double("speed", 0.5).ToString() == "0.5");
            game.Log(Level.Info, "all kinds", ("bool", true), ("byte", (byte)1), ("ulong", ulong.MaxValue), ("float", 0.1f),
                ("nan", double.NaN), ("text", "é"), ("null", null), ("day", DayOfWeek.Friday));
            Expect("nothing is refused", game.ServerError() == "" && game.Stats().WaitingBytes == 0);
            Expect("nobody stores it", !game.Flush(TimeSpan.Zero));
            Expect("nobody has pressed anything", game.Take() == null);
        }
        // the library's game lives for as long as one of its variables
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Expect("variables outlive the connection", title.Value.StartsWith("one") && lives.Value == long.MinValue);
    }

    /// <summary>The collector must not run: its nursery has room for eight bytes of each frame.</summary>
    private static void Garbage()
    {
        using (var game = new Game(Key))
        {
            var speed = game.Double("boss.speed", 2.5);
            var lives = game.Int("lives", 3);
            var playing = game.Bool("game.playing", true);
            var title = game.Text("title", "Größe 🦊");
            double sum = Play(game, speed, lives, playing, title, 10);
            int before = GC.CollectionCount(0);
            sum += Play(game, speed, lives, playing, title, Frames);
            int collections = GC.CollectionCount(0) - before;
            Expect(collections + " collections in " + Frames + " frames", collections == 0 && sum > 0);
        }
    }

    private static double Play(Game game, Var<double> speed, Var<long> lives, Var<bool> playing, Var<string> title, int frames)
    {
        double sum = 0;
        for (int frame = 0; frame < frames && playing.Value; frame++)
        {
            game.Frame();
            sum += speed.Value * lives.Value + title.Value.Length;
        }
        return sum;
    }
}
