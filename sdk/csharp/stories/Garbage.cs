// Half a million frames in which nothing happens must not make the collector run: its nursery has room for eight bytes of each.
using System;
using Observerio;

internal static class Garbage
{
    private const int Frames = 500 * 1000;

    private static int Main()
    {
        using (var game = new Game("0123456789ab"))
        {
            var speed = game.Double("boss.speed", 2.5);
            var lives = game.Int("lives", 3);
            var playing = game.Bool("game.playing", true);
            var title = game.Text("title", "Größe 🦊");
            double sum = Play(game, speed, lives, playing, title, 10);
            int before = GC.CollectionCount(0);
            sum += Play(game, speed, lives, playing, title, Frames);
            int collections = GC.CollectionCount(0) - before;
            if (collections == 0 && sum > 0) return 0;
            Console.Error.WriteLine(collections + " collections in " + Frames + " frames");
            return 1;
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
