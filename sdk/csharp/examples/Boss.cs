// A boss whose speed people tune while it walks: mono Boss.exe YOUR_KEY [HOST:PORT]
using System;
using System.Threading;
using Observerio;

internal static class Boss
{
    private static void Main(string[] arguments)
    {
        double x = 0;
        using (var game = new Game(arguments[0], device: "my-laptop", app: "1.0"))
        {
            var speed = game.Double("boss.speed", 2.5, min: 0, max: 20, spec: new Spec { Unit = "m/s" });
            var playing = game.Bool("game.playing", true);
            game.Connect(arguments.Length > 1 ? arguments[1] : "127.0.0.1:6667");

            while (playing.Value)
            {
                if (game.Frame() > 0) game.Log(Level.Info, "somebody tuned the boss");
                x += speed.Value * 0.016;
                Thread.Sleep(16);
            }
        }
        Console.WriteLine("the boss walked " + x.ToString("F1") + " m");
    }
}
